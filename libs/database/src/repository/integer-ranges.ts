/** What an integer type of PostgreSQL can hold. */
export interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

export const INT2 = signed(16n);
export const INT4 = signed(32n);
export const INT8 = signed(64n);
export const OID: IntegerRange = { min: 0n, max: 2n ** 32n - 1n };

export function isWithin({ min, max }: IntegerRange, value: number | bigint): boolean {
  return value >= min && value <= max;
}

function signed(bits: bigint): IntegerRange {
  return { min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n };
}

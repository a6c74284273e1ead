import { Decimal } from '@prisma/client/runtime/client';

/** The number in Prisma's own class, so that one from SQL and one from the client are the same to a caller. */
export function parseDecimal(text: string): Decimal {
  return new Decimal(text);
}

/** Whether it is a decimal number, also one of another copy of the class. */
export function isDecimal(value: unknown): boolean {
  return Decimal.isDecimal(value);
}

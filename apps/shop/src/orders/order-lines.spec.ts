import { describe, expect, it } from '@jest/globals';
import { priceLine, totalOf } from './order-lines.js';

const offer = { id: 1, name: 'Lamp', priceCents: 2_147_483_647, currency: 'EUR', active: true };

describe('totalOf', () => {
  it('is exact where a JavaScript number no longer is', () => {
    const lines = [1, 2, 3].map((lineNo) =>
      priceLine({ productId: lineNo, quantity: 9_999_999 }, lineNo, offer),
    );
    expect(lines[0]?.lineTotalCents).toBe(21_474_834_322_516_353n);
    expect(totalOf(lines)).toBe(64_424_502_967_549_059n);
    expect(totalOf(lines)).not.toBe(BigInt(2_147_483_647 * 9_999_999 * 3));
  });

  it('is 0 for no lines', () => {
    expect(totalOf([])).toBe(0n);
  });
});

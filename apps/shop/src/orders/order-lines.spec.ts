import { describe, expect, it } from '@jest/globals';
import { mergeWanted, priceLine, totalOf } from './order-lines.js';

const offer = { id: 1, name: 'Lamp', priceCents: 2_147_483_647, currency: 'EUR', active: true };

describe('mergeWanted', () => {
  it('orders a product once that is named twice, with the sum of both quantities', () => {
    const items = [
      { productId: 3, quantity: 1 },
      { productId: 2, quantity: 5 },
      { productId: 3, quantity: 4 },
    ];
    expect(mergeWanted(items)).toEqual([
      { productId: 2, quantity: 5 },
      { productId: 3, quantity: 5 },
    ]);
  });

  it('sorts by the number of the product and not by its text', () => {
    const items = [10, 9, 100, 1].map((productId) => ({ productId, quantity: 1 }));
    expect(mergeWanted(items).map(({ productId }) => productId)).toEqual([1, 9, 10, 100]);
  });
});

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

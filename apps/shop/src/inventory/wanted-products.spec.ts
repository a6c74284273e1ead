import { describe, expect, it } from '@jest/globals';
import { mergeWanted } from './wanted-products.js';

describe('mergeWanted', () => {
  it('counts a product once that is named twice, with the sum of both quantities', () => {
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

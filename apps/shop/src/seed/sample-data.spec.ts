import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createSampleData } from './sample-data.js';

const checksum = () => {
  const text = JSON.stringify(createSampleData(), (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return createHash('sha256').update(text).digest('hex');
};

describe('createSampleData', () => {
  const data = createSampleData();

  it('makes the same data on every machine and at every time', () => {
    expect(checksum()).toBe('9706102fe7fe4ed817085390130193cbdc3d613adc9b30a720b7b62c79800253');
  });

  it('gives every product a name and a SKU of its own', () => {
    expect(new Set(data.products.map(({ name }) => name)).size).toBe(1_000);
    expect(new Set(data.products.map(({ sku }) => sku)).size).toBe(1_000);
  });

  it('writes prices in whole cents above 0 and totals that are the sums of the lines', () => {
    for (const { priceCents } of data.products)
      expect(Number.isInteger(priceCents) && priceCents > 0).toBe(true);
    const sums = new Map<bigint, bigint>();
    for (const { orderId, quantity, unitPriceCents } of data.items) {
      const id = BigInt(orderId);
      sums.set(id, (sums.get(id) ?? 0n) + BigInt(quantity) * BigInt(unitPriceCents));
    }
    expect(data.orders.map(({ totalCents }) => totalCents)).toEqual(
      data.orders.map(({ id }) => sums.get(id)),
    );
  });

  it('places orders one after the other within one year, in every state', () => {
    const times = data.orders.map(({ placedAt }) => (placedAt as Date).getTime());
    expect(times).toEqual(times.toSorted((left, right) => left - right));
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThanOrEqual(365 * 86_400_000);
    expect(new Set(data.orders.map(({ status }) => status)).size).toBe(4);
  });
});

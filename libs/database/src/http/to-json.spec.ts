import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Decimal } from '@prisma/client/runtime/client';
import { NotSerializableError } from './json.errors.js';
import { toJson } from './to-json.js';

const at = new Date('2026-11-21T18:00:00.123Z');

describe('toJson', () => {
  it('gives each type of the database one form, wherever it stands', () => {
    const record = {
      id: 9_007_199_254_740_993n,
      small: 1n,
      weightKg: new Decimal('12345678901234567890.123'),
      placedAt: at,
      hash: new Uint8Array([0xde, 0xad]),
      file: Buffer.from('x'),
      items: [{ price: 2n, at: null }],
    };
    expect(toJson(record)).toEqual({
      id: '9007199254740993',
      small: '1',
      weightKg: '12345678901234567890.123',
      placedAt: '2026-11-21T18:00:00.123Z',
      hash: '3q0=',
      file: 'eA==',
      items: [{ price: '2', at: null }],
    });
    expect(toJson(7n)).toBe('7');
  });

  it('reads a view of bytes, and not the memory around it', () => {
    expect(toJson(new Uint8Array(Buffer.from('secret-x-secret').buffer).subarray(0, 0))).toBe('');
    const pool = new Uint8Array([1, 2, 3, 4]);
    expect(toJson(pool.subarray(1, 3))).toBe(Buffer.from([2, 3]).toString('base64'));
  });

  it('writes whatever JSON can write exactly as JSON.stringify does', () => {
    const plain = fc.anything({ withBoxedValues: true, withDate: true, withSparseArray: true });
    fc.assert(
      fc.property(plain, (value) => {
        // What has no form in JSON throws in both, but for bigint, which is not among these values.
        expect(JSON.stringify(toJson(value))).toBe(JSON.stringify(value));
      }),
      { numRuns: 2_000 },
    );
  });

  it('follows a toJSON, gives it its key, and converts what it returns', () => {
    const user = { secret: 's', toJSON: (key: string) => ({ key, id: 5n, bytes: new Uint8Array([0]) }) };
    expect(toJson({ user })).toEqual({ user: { key: 'user', id: '5', bytes: 'AA==' } });
  });

  it('keeps an entry called __proto__ an entry', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true}}');
    const copy = toJson(value) as { admin?: boolean };
    expect(copy.admin).toBeUndefined();
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true}}');
  });

  it('names the path of a cycle, and lets the same object stand twice', () => {
    const order: Record<string, unknown> = { id: 1n };
    order.items = [{ order }];
    expect(() => toJson(order)).toThrow(NotSerializableError);
    expect(() => toJson(order)).toThrow(/`items\.0\.order` leads back/);
    const shared = { id: 1n };
    expect(toJson([shared, shared])).toEqual([{ id: '1' }, { id: '1' }]);
  });

  it('ends at a hundred levels instead of at the end of the stack', () => {
    const nested = (levels: number): unknown => (levels === 0 ? {} : { next: nested(levels - 1) });
    expect(() => toJson(nested(99))).not.toThrow();
    expect(() => toJson(nested(5_000))).toThrow(NotSerializableError);
    const endless = { toJSON: () => ({ endless }) };
    expect(() => toJson(endless)).toThrow(NotSerializableError);
  });

  it('changes no prototype', () => {
    toJson({ id: 1n });
    expect('toJSON' in BigInt.prototype).toBe(false);
    expect(() => JSON.stringify(1n)).toThrow(TypeError);
  });
});

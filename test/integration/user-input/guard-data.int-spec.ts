import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  defineData,
  eq,
  guardData,
  InvalidOptionsError,
  ValidationError,
} from '../../../libs/database/src/index.js';

const PRODUCT = defineData(PrismaClient, 'product', {
  allow: ['name', 'description', 'priceCents', 'weightKg', 'active', 'currency'],
  required: ['name'],
  maxLength: { name: 10 },
});
const ORDER = defineData(PrismaClient, 'order', { allow: ['status', 'totalCents', 'placedAt'] });

const problemsOf = (body: unknown): Record<string, string> => {
  try {
    guardData(body, PRODUCT);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, problem }) => [path, problem]));
  }
  return {};
};

describe('guardData', () => {
  it('gives allowed fields in the types in which Prisma takes them', () => {
    expect(
      guardData({ name: 'Desk', description: null, priceCents: 5, weightKg: 1.5, active: true }, PRODUCT),
    ).toEqual({
      name: 'Desk',
      description: null,
      priceCents: 5,
      weightKg: '1.5',
      active: true,
    });
    expect(
      guardData({ status: 'PAID', totalCents: '9007199254740993', placedAt: '2026-11-21T18:00:00Z' }, ORDER),
    ).toEqual({
      status: 'PAID',
      totalCents: 9_007_199_254_740_993n,
      placedAt: new Date('2026-11-21T18:00:00Z'),
    });
    expect(guardData({ name: 'Desk', active: undefined }, PRODUCT)).toEqual({ name: 'Desk' });
  });

  it('refuses everything else at once instead of dropping it', () => {
    const body: unknown = JSON.parse(`{
      "id": 1, "createdAt": "2026-01-01", "categoryId": 2, "category": { "connect": { "id": 1 } }, "isAdmin": true,
      "__proto__": { "name": "x" }, "constructor": 1,
      "priceCents": { "increment": 5 }, "description": { "set": "x" }, "weightKg": ["1"], "active": null
    }`);
    expect(problemsOf(body)).toEqual({
      id: 'is not accepted here.',
      createdAt: 'is not accepted here.',
      categoryId: 'is not accepted here.',
      category: 'is not accepted here.',
      isAdmin: 'is not accepted here.',
      ['__proto__']: 'is not accepted here.',
      constructor: 'is not accepted here.',
      priceCents: 'is no integer.',
      description: 'is no text.',
      weightKg: 'is no decimal number.',
      active: 'is neither true nor false.',
      name: 'is missing.',
    });
    expect(({} as { name?: string }).name).toBeUndefined();
  });

  it('counts characters as PostgreSQL does, against the size in the schema as well', () => {
    expect(problemsOf({ name: '😀'.repeat(10) })).toEqual({});
    expect(problemsOf({ name: '😀'.repeat(11), currency: 'EURO' })).toEqual({
      name: 'has more than 10 characters.',
      currency: 'has more than 3 characters.',
    });
  });

  it.each([[null], [undefined], ['text'], [[]], [[{ name: 'x' }]], [5]])('refuses %p as a body', (body) => {
    expect(problemsOf(body)).toHaveProperty('body');
  });

  it('throws nothing but a ValidationError and gives scalars of allowed fields alone, whatever is sent', () => {
    const keys = fc.oneof(
      fc.constantFrom(
        'name',
        'priceCents',
        'weightKg',
        'active',
        'description',
        'id',
        '__proto__',
        'connect',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.dictionary(keys, fc.anything())), (body) => {
        try {
          for (const [key, value] of Object.entries(guardData(body, PRODUCT))) {
            expect(['name', 'description', 'priceCents', 'weightKg', 'active', 'currency']).toContain(key);
            expect(value === null ? 'null' : typeof value).not.toBe('object');
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('is defined for fields alone that can be checked', () => {
    const define = () =>
      defineData(PrismaClient, 'product', {
        allow: ['category', 'nmae'],
        required: ['sku'],
        maxLength: { sku: 1 },
      } as never);
    expect(define).toThrow(InvalidOptionsError);
    expect(define).toThrow(/"category", which is a relation.*\n.*"nmae", which is no field/);
    expect(() => defineData(PrismaClient, 'prodcut' as 'product', { allow: ['name'] })).toThrow(
      /does not have/,
    );
  });
});

describe('eq', () => {
  it('wraps scalars and refuses everything an operator can hide in', () => {
    expect(eq('x')).toEqual({ equals: 'x' });
    expect(eq(5n)).toEqual({ equals: 5n });
    const others: unknown[] = [
      { not: '' }, { equals: 'x' }, ['x'], [], null, undefined, {}, Number.NaN, Infinity, () => 'x', Symbol('x'),
      new Date(Number.NaN), 'a\0', '\ud800', { toString: () => 'x' }, { toJSON: () => 'x' }, new String('x'), new Map(),
    ]; // prettier-ignore
    for (const value of others) expect(() => eq(value as string, 'email')).toThrow(/^`email` /);
  });
});

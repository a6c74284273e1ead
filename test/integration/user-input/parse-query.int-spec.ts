import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  defineQuery,
  InvalidOptionsError,
  parseQuery,
  ValidationError,
} from '../../../libs/database/src/index.js';
import { PRODUCT_QUERY } from './product-query.js';

const parse = (query: unknown) => parseQuery(query, PRODUCT_QUERY);
const problemsOf = (query: unknown): Record<string, string> => {
  try {
    parse(query);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, problem }) => [path, problem]));
  }
  return {};
};

describe('parseQuery', () => {
  it('gives the same answer for nested and for flat parameters', () => {
    const flat = {
      'filter[priceCents][gte]': '1000',
      'filter[priceCents][lte]': '2000',
      'filter[name][contains]': 'desk',
      'filter[category.slug]': 'office',
      'filter[sku][in]': 'A,B',
      'filter[active]': 'true',
      sort: '-createdAt,priceCents',
      first: '5',
      after: 'abc_-1',
      lang: ['en', { any: 'thing' }],
    };
    const nested = {
      filter: {
        priceCents: { gte: '1000', lte: '2000' },
        name: { contains: 'desk' },
        category: { slug: 'office' },
        sku: { in: ['A', 'B'] },
        active: 'true',
      },
      sort: '-createdAt,priceCents',
      first: '5',
      after: 'abc_-1',
    };
    expect(parse(flat)).toEqual({
      where: {
        priceCents: { gte: 1000, lte: 2000 },
        name: { contains: 'desk', mode: 'insensitive' },
        category: { slug: { equals: 'office' } },
        sku: { in: ['A', 'B'] },
        active: { equals: true },
      },
      orderBy: [{ createdAt: 'desc' }, { priceCents: 'asc' }],
      first: 5,
      after: 'abc_-1',
    });
    expect(parse(nested)).toEqual(parse(flat));
  });

  it('answers a query without parameters with the defaults', () => {
    const defaults = { where: {}, orderBy: [{ createdAt: 'desc' }], first: 20 };
    for (const query of [{}, undefined, null, Object.create(null), { first: undefined, lang: 'de' }])
      expect(parse(query)).toEqual(defaults);
  });

  it('reads a list from commas, or from repeated parameters, where a comma is a comma', () => {
    const skus = (query: object) => parse(query).where.sku;
    expect(skus({ 'filter[sku][in]': 'a,b' })).toEqual({ in: ['a', 'b'] });
    expect(skus({ 'filter[sku][in]': ['a,b', 'c'] })).toEqual({ in: ['a,b', 'c'] });
    expect(skus({ 'filter[sku][in][]': 'a,b' })).toEqual({ in: ['a,b'] });
    expect(skus({ 'filter[sku][in][0]': 'a', 'filter[sku][in][1]': 'b' })).toEqual({ in: ['a', 'b'] });
    // What qs makes of more than twenty.
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [index, `s${index}`]));
    expect(skus({ filter: { sku: { in: many } } })).toEqual({ in: Object.values(many) });
    expect(problemsOf({ 'filter[sku][in]': Array.from({ length: 101 }, () => 'x') })).toEqual({
      'filter.sku.in': 'has more than 100 values.',
    });
    expect(problemsOf({ 'filter[sku][in]': ['a', { not: '' }] })).toHaveProperty(['filter.sku.in']);
  });

  it('keeps conditions apart that would overwrite each other', () => {
    expect(
      parse({
        'filter[description][isNull]': 'false',
        'filter[description][ne]': 'x',
        'filter[name]': 'Desk',
        'filter[name][contains]': 'es',
        'filter[name][endsWith]': 'K',
      }).where,
    ).toEqual({
      description: { not: null },
      name: { equals: 'Desk' },
      AND: [
        { description: { not: 'x' } },
        { name: { contains: 'es', mode: 'insensitive' } },
        { name: { endsWith: 'K', mode: 'insensitive' } },
      ],
    });
  });

  it('asks one and the same related record where several conditions go along a list', () => {
    expect(
      parse({ 'filter[orderItems.quantity][gte]': '2', 'filter[orderItems.order.status]': 'PAID' }).where,
    ).toEqual({
      orderItems: { some: { quantity: { gte: 2 }, order: { status: { equals: 'PAID' } } } },
    });
  });

  it('pages backwards by last and before', () => {
    expect(parse({ last: '3', before: 'c' })).toMatchObject({ last: 3, before: 'c' });
    expect(parse({ before: 'c' })).toMatchObject({ last: 20, before: 'c' });
    expect(parse({ before: 'c' })).not.toHaveProperty('first');
    expect(Object.keys(problemsOf({ first: '1', last: '1', after: 'x' }))).toEqual(['first', 'after']);
  });

  it('lists everything that is wrong at once, with its path', () => {
    expect(
      problemsOf({
        'filter[priceCents][gte]': 'cheap',
        'filter[passwordHash][startsWith]': '$2b$',
        'filter[name][gte]': 'a',
        'filter[category][name]': 'x',
        sort: 'weightKg',
        first: '51',
        after: "' OR 1=1",
        frist: '1',
      }),
    ).toEqual({
      'filter.priceCents.gte': 'is no integer.',
      'filter.passwordHash.startsWith': 'is no condition that can be asked for here.',
      'filter.name.gte': 'is not allowed, expected one of: eq, contains, startsWith, endsWith.',
      'filter.category.name': 'is no condition that can be asked for here.',
      sort: 'has a field that is none of: createdAt, priceCents, id.',
      first: 'is no integer in [1, 50].',
      after: 'is no cursor of a page.',
      frist: 'is not a parameter of this query.',
    });
  });

  it.each([
    ['an operator of Prisma in the place of a value', { filter: { sku: { eq: { not: '' } } } }],
    ['a raw-looking object', { filter: { sku: { sql: 'true', values: [] } } }],
    ['a list where one value is expected', { 'filter[sku]': ['a', 'b'] }],
    ['a list of one', { 'filter[sku][eq][]': 'a' }],
    ['a condition given in two spellings', { 'filter[sku]': 'a', filter: { sku: { eq: 'b' } } }],
    ['a repeated sort', { sort: ['id', '-id'] }],
    ['a field twice in the sort', { sort: 'id,-id' }],
    ['a repeated page size', { first: ['1', '2'] }],
    ['__proto__ in a flat key', { 'filter[__proto__][gte]': '1' }],
    ['__proto__ in a parsed body', JSON.parse('{"filter":{"__proto__":{"priceCents":"1"}}}')],
    ['constructor', { filter: { constructor: { prototype: '1' } } }],
    ['toString as a parameter', { toString: '1' }],
    ['an empty group', { filter: { priceCents: {} } }],
    ['a filter that is a text', { filter: 'all' }],
    ['a key that is not closed', { 'filter[sku': 'a' }],
    ['a key with text behind it', { 'filter[sku]x': 'a' }],
    ['more names than the rules allow', { filter: { a: { b: { c: { d: { e: { f: '1' } } } } } } }],
    ['a null', { filter: { sku: null } }],
    ['an undefined condition', { filter: { sku: undefined } }],
    ['a query that is a text', 'filter[sku]=a'],
    ['a query that is a list', []],
    ['an empty sort', { sort: '' }],
    ['a page of nothing', { first: '0' }],
    ['a fraction of a record', { first: '1.5' }],
    ['a text that is too long', { 'filter[name]': 'x'.repeat(41) }],
    ['a text with NUL', { 'filter[sku]': 'a\0' }],
  ])('refuses %s', (_title, query) => {
    expect(Object.keys(problemsOf(query)).length).toBeGreaterThan(0);
    expect(({} as { priceCents?: string }).priceCents).toBeUndefined();
  });

  it('bounds what it goes through and what it says', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`filter[f${index}]`, 'x']));
    expect(Object.keys(problemsOf(many)).length).toBeLessThanOrEqual(20);
    const nested: unknown = JSON.parse(`${'{"filter":'.repeat(5_000)}1${'}'.repeat(5_000)}`);
    expect(problemsOf(nested)).not.toEqual({});
    expect(problemsOf({ filter: { sku: { in: Array.from({ length: 300_000 }, () => 'x') } } })).not.toEqual(
      {},
    );
    const [path] = Object.keys(problemsOf({ [`x\n\u202e${'y'.repeat(10_000)}`]: '1' }));
    expect(path?.length).toBeLessThan(110);
    expect(path).not.toMatch(/[\n\u202e]/);
    const conditions = { priceCents: { eq: '1', ne: '1', in: '1', gt: '1', gte: '1', lt: '1', lte: '1' } };
    const rules = defineQuery(PrismaClient, 'product', {
      filter: { priceCents: ['eq', 'ne', 'in', 'gt', 'gte', 'lt', 'lte'] },
      maxConditions: 6,
    });
    expect(() => parseQuery({ filter: conditions }, rules)).toThrow('has 7 conditions, expected at most 6.');
  });

  it('throws nothing but a ValidationError, and never leaves the allow-list, whatever is sent', () => {
    const names = fc.constantFrom(
      'filter', 'sort', 'first', 'priceCents', 'name', 'sku', 'category', 'slug', 'category.slug', 'orderItems', 'order',
      'status', 'eq', 'in', 'contains', 'isNull', 'AND', 'OR', 'NOT', 'some', 'is', 'path', 'mode', '__proto__', 'constructor',
      'passwordHash', '0', '',
    ); // prettier-ignore
    const keys = fc.oneof(
      { weight: 3, arbitrary: names },
      fc.string(),
      fc
        .array(names, { minLength: 1, maxLength: 4 })
        .map(([head, ...rest]) => `${head}${rest.map((name) => `[${name}]`).join('')}`),
    );
    const leaves = fc.oneof(
      fc.constantFrom('1', 'true', 'PAID', 'desk', '-createdAt', '2026-01-01', 'a,b', '%_\\'),
      fc.string({ unit: 'binary' }),
      fc.anything(),
    );
    const { query } = fc.letrec((tie) => ({
      query: fc.dictionary(keys, fc.oneof({ depthSize: 'medium' }, leaves, fc.array(leaves), tie('query')), {
        maxKeys: 5,
      }),
    }));
    let accepted = 0;
    fc.assert(
      fc.property(query, (input) => {
        try {
          const { where, orderBy, ...page } = parse(input);
          accepted += 1;
          expectWithinRules(where);
          for (const each of orderBy ?? [])
            for (const [field, direction] of Object.entries(each)) {
              expect(['createdAt', 'priceCents', 'id']).toContain(field);
              expect(['asc', 'desc']).toContain(direction);
            }
          expect(page.first ?? page.last).toBeLessThanOrEqual(50);
        } catch (error) {
          expect(error).toBeInstanceOf(ValidationError);
        }
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('accepts what the rules allow, in random combination, and gives the where that was asked for', () => {
    const conditions = fc.record(
      {
        priceCents: fc.record({ gte: fc.nat(), lte: fc.nat() }, { requiredKeys: [] }),
        sku: fc.record({ in: fc.array(fc.string({ maxLength: 10 }), { minLength: 2, maxLength: 5 }) }),
        active: fc.record({ eq: fc.boolean() }),
        category: fc.record({
          slug: fc.record({ eq: fc.string({ maxLength: 10 }), ne: fc.string({ maxLength: 10 }) }),
        }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(conditions, (filter) => {
        const wanted = Object.fromEntries(
          Object.entries(filter).filter(([, value]) => Object.keys(value).length > 0),
        );
        fc.pre(!JSON.stringify(filter).includes('\\u0000'));
        const { where } = parse(Object.keys(wanted).length > 0 ? { filter: wanted } : {});
        const { priceCents, sku, active, category } = wanted as typeof filter;
        expect(where).toEqual({
          ...(priceCents && { priceCents }),
          ...(sku && { sku }),
          ...(active && { active: { equals: active.eq } }),
          ...(category && { category: { slug: { equals: category.slug.eq, not: category.slug.ne } } }),
        });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('defineQuery', () => {
  it('lists everything the compiler could have been kept from seeing', () => {
    const define = () =>
      defineQuery(PrismaClient, 'product', {
        filter: {
          nmae: ['eq'],
          name: ['gte', 'isNull', 'like'],
          'category.products.category.slug': ['eq'],
          'name.length': ['eq'],
          category: ['eq'],
          active: { operators: ['eq'], maxLength: 5 },
          sku: { operators: ['eq'], ignoreCase: true },
          priceCents: [],
        },
        sort: ['nmae', 'category'],
        defaultSort: ['-nmae'],
        maxFirst: 0,
        otherParameters: ['filter'],
        maxFrist: 5,
      } as never);
    expect(define).toThrow(InvalidOptionsError);
    try {
      define();
    } catch (error) {
      const paths = (error as InvalidOptionsError).violations.map(({ path }) => path);
      expect(paths).toEqual([
        'maxFrist', 'maxFirst', 'filter.nmae', 'filter.name', 'filter.name', 'filter.category.products.category.slug',
        'filter.name.length', 'filter.category', 'filter.active.maxLength', 'filter.sku.ignoreCase', 'filter.priceCents',
        'otherParameters', 'sort', 'sort', 'defaultSort',
      ]); // prettier-ignore
    }
    expect(() => defineQuery(PrismaClient, 'prodcut' as 'product', {})).toThrow(/does not have/);
    expect(() => defineQuery(class {} as unknown as typeof PrismaClient, 'product', {})).toThrow(
      InvalidOptionsError,
    );
  });

  it('holds no connection and no process: the client is only looked at', () => {
    const rules = defineQuery(PrismaClient, 'order', { filter: { status: ['eq'] }, maxFirst: 5 });
    expect(parseQuery({ 'filter[status]': 'PAID' }, rules)).toEqual({
      where: { status: { equals: 'PAID' } },
      first: 5,
    });
    expect(() => parseQuery({ sort: 'id' }, rules)).toThrow('`sort` is not a parameter of this query.');
  });
});

/** Goes through a `where` by an allow-list of its own. */
function expectWithinRules(where: object, at = ''): void {
  for (const [key, value] of Object.entries<any>(where)) {
    const path = at === '' ? key : `${at}.${key}`;
    if (key === 'AND') for (const each of value) expectWithinRules(each, at);
    else if (path === 'category' || path === 'orderItems.order') expectWithinRules(value, path);
    else if (path === 'orderItems') expectWithinRules(value.some, path);
    else {
      expect([
        'priceCents', 'name', 'sku', 'description', 'weightKg', 'active', 'createdAt', 'category.slug',
        'orderItems.order.status', 'orderItems.quantity', 'orderItems.orderId',
      ]).toContain(path); // prettier-ignore
      for (const [operator, operand] of Object.entries<any>(value)) {
        expect([
          'equals', 'not', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'endsWith', 'mode',
        ]).toContain(operator); // prettier-ignore
        for (const each of Array.isArray(operand) ? operand : [operand])
          expect(each === null || each instanceof Date || typeof each !== 'object').toBe(true);
      }
    }
  }
}

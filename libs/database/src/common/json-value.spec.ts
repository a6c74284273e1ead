import { describe, expect, it } from '@jest/globals';
import { findJsonProblem } from './json-value.js';

describe('findJsonProblem', () => {
  it('finds nothing in what comes back as it was', () => {
    const twice = { a: 1 };
    for (const value of [
      null,
      true,
      -0.5,
      'ä𝄞',
      [],
      [null, [1]],
      { a: { b: 'c' }, left: undefined },
      [twice, twice],
    ])
      expect(findJsonProblem(value)).toBeUndefined();
    expect(findJsonProblem(Object.assign(Object.create(null) as object, { a: 1 }))).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [undefined, ''],
    [1n, ''],
    [() => 1, ''],
    [Symbol('x'), ''],
    [Number.NaN, ''],
    [{ a: [1, { b: Infinity }] }, 'a[1].b'],
    [{ at: new Date(0) }, 'at'],
    [[new Map()], '[0]'],
    [[undefined], '[0]'],
    [{ text: 'a\0' }, 'text'],
    [{ text: '\ud800' }, 'text'],
  ])('says where %p stops being JSON', (value, path) => {
    expect(findJsonProblem(value)?.path).toBe(path);
  });

  it('finds what lies inside of itself', () => {
    const value: { self?: unknown } = {};
    value.self = { value };
    expect(findJsonProblem(value)).toMatchObject({
      path: 'self.value',
      problem: 'leads back to what it lies in.',
    });
  });
});

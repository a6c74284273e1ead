import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { OptionValidator } from '../config/option-validator.js';
import { resolvePaginationOptions } from './pagination.options.js';

const SECRET = 'a secret of 32 characters or more';
const OTHER = 'another secret that is as long as that';
const NONE = { secret: undefined, nodeEnv: undefined };

function resolve(value: unknown, variables: Partial<{ secret: string; nodeEnv: string }> = {}) {
  const validator = new OptionValidator('pagination');
  const options = resolvePaginationOptions(value, validator, { ...NONE, ...variables });
  const problems = validator.violations.map(({ path, problem }) => `${path} ${problem}`);
  return { options, secrets: options.secrets.map((secret) => secret.reveal()), problems };
}

describe('resolvePaginationOptions', () => {
  it('needs nothing outside of production', () => {
    const { options, problems } = resolve(undefined);
    expect(options).toEqual({ secrets: [], mayInventSecret: true, maxPageSize: 1_000 });
    expect(problems).toEqual([]);
  });

  it('takes one secret or several in their order, and the option before the variable', () => {
    expect(resolve({ secret: SECRET }).secrets).toEqual([SECRET]);
    expect(resolve({ secret: [SECRET, OTHER] }, { secret: 'ignored' }).secrets).toEqual([SECRET, OTHER]);
    const { secrets, problems } = resolve({}, { secret: `${OTHER}, ${SECRET}`, nodeEnv: 'production' });
    expect([secrets, problems]).toEqual([[OTHER, SECRET], []]);
  });

  it.each([
    ['x'.repeat(31), /^pagination\.secret is too short: 31 characters/],
    [` ${'x'.repeat(31)} `, /is too short: 31/],
    ['', /is too short: 0/],
    [[], /^pagination\.secret is an empty list/],
    [[SECRET, 'short'], /is too short: 5/],
    [7, /holds something that is no text/],
    [null, /holds something that is no text/],
    [{ reveal: SECRET }, /holds something that is no text/],
  ])('refuses a secret that protects nothing: %j', (secret, problem) => {
    const { problems } = resolve({ secret });
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });

  it('refuses a short or empty one among those of the variable, by its name', () => {
    expect(resolve(undefined, { secret: `${SECRET},` }).problems).toEqual([
      expect.stringMatching(/^DATABASE_CURSOR_SECRET is too short: 0 characters/),
    ]);
  });

  it('refuses in production a configuration of pages without a secret, and names option and variable', () => {
    for (const value of [{}, { maxPageSize: 50 }]) {
      expect(resolve(value, { nodeEnv: 'production' }).problems).toEqual([
        expect.stringMatching(/^pagination\.secret is missing.*DATABASE_CURSOR_SECRET/),
      ]);
    }
    // Whether there are pages at all is not known here.
    expect(resolve(undefined, { nodeEnv: 'production' })).toMatchObject({
      options: { mayInventSecret: false },
      problems: [],
    });
  });

  it('keeps the size of a page within its bounds', () => {
    expect(resolve({ maxPageSize: 1 }).options.maxPageSize).toBe(1);
    expect(resolve({ maxPageSize: 10_000 }).options.maxPageSize).toBe(10_000);
    for (const maxPageSize of [0, 10_001, 1.5, '50', null]) {
      expect(resolve({ maxPageSize }).problems).toEqual([expect.stringMatching(/^pagination\.maxPageSize/)]);
    }
  });

  it('names an option it does not know', () => {
    expect(resolve({ secrets: [SECRET] }).problems).toEqual([expect.stringMatching(/^pagination\.secrets/)]);
  });

  it('shows no secret in a problem, in inspect or in JSON', () => {
    const { options } = resolve({ secret: [SECRET, OTHER] });
    const { problems } = resolve({ secret: 'hunter2' });
    const shown = [
      inspect(options, { depth: null, showHidden: true }),
      JSON.stringify(options),
      ...problems,
    ].join();
    for (const text of [SECRET, OTHER, 'hunter2']) expect(shown).not.toContain(text);
  });
});

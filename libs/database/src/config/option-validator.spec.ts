import { describe, expect, it } from '@jest/globals';
import { OptionValidator } from './option-validator.js';

describe('OptionValidator', () => {
  it('collects every problem of every depth in one list', () => {
    const validator = new OptionValidator();
    const options = validator.object({ max: 0, colour: 'red' }, 'pool', ['max']);
    validator.nested('pool').integer(options.max, 'max', 20, { min: 1, max: 1_000 });
    validator.boolean('yes', 'isGlobal', true);

    expect(validator.violations).toEqual([
      { path: 'pool.colour', problem: 'is not a known option. Known are: max.' },
      { path: 'pool.max', problem: 'is 0, expected an integer in [1, 1000].' },
      { path: 'isGlobal', problem: 'is "yes", expected true or false.' },
    ]);
  });

  it.each([Number.NaN, 1.5, '5', Infinity, null, -1])(
    'refuses %p where an integer in [0, 10] is expected',
    (value) => {
      const validator = new OptionValidator();
      expect(validator.integer(value, 'x', 7, { min: 0, max: 10 })).toBe(7);
      expect(validator.violations).toHaveLength(1);
    },
  );

  it('never repeats a text in a problem, since it may be a secret', () => {
    const validator = new OptionValidator();
    validator.text(['hunter2'], 'password', undefined);
    validator.text('  ', 'url', undefined);
    expect(JSON.stringify(validator.violations)).not.toContain('hunter2');
    expect(validator.violations.map(({ path }) => path)).toEqual(['password', 'url']);
  });

  it('names the allowed values of a choice', () => {
    const validator = new OptionValidator();
    expect(validator.oneOf('Chaos', 'isolationLevel', undefined, ['Serializable'])).toBeUndefined();
    expect(validator.violations[0]?.problem).toBe('is "Chaos", expected one of: Serializable.');
  });
});

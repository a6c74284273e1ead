import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readJson, readText, type ScalarRule } from './scalar-value.js';

const INT: ScalarRule = { type: 'int', min: -(2n ** 31n), max: 2n ** 31n - 1n };
const BIGINT: ScalarRule = { type: 'bigint', min: -(2n ** 63n), max: 2n ** 63n - 1n };
const ENUM: ScalarRule = { type: 'enum', values: ['PAID', 'SHIPPED'] };
const TEXT: ScalarRule = { type: 'text', maxLength: 5 };
const valueOf = (text: string, rule: ScalarRule) => {
  const reading = readText(text, rule);
  return 'value' in reading ? reading.value : undefined;
};
const jsonOf = (json: unknown, rule: ScalarRule) => {
  const reading = readJson(json, rule);
  return 'value' in reading ? reading.value : undefined;
};

describe('readText', () => {
  it('reads integers within the range of their type and nothing that only looks like one', () => {
    expect(valueOf('-2147483648', INT)).toBe(-2147483648);
    for (const text of ['2147483648', '1.0', '1e3', '0x10', ' 1', '1 ', '+1', '', '١', '1_000', '--1'])
      expect(readText(text, INT)).toHaveProperty('problem');
    expect(valueOf('9223372036854775807', BIGINT)).toBe(2n ** 63n - 1n);
    expect(readText('9223372036854775808', BIGINT)).toHaveProperty('problem');
    expect(readText('9'.repeat(10_000), BIGINT)).toHaveProperty('problem');
  });

  it('keeps every digit of a decimal and refuses what PostgreSQL would take for more than a number', () => {
    expect(valueOf('12345678901234567890.123456789', { type: 'decimal' })).toBe(
      '12345678901234567890.123456789',
    );
    for (const text of ['NaN', 'Infinity', '1e5', '.5', '5.', '1,5', '0x1'])
      expect(readText(text, { type: 'decimal' })).toHaveProperty('problem');
    for (const text of ['NaN', 'Infinity', '1e999', '']) {
      expect(readText(text, { type: 'float' })).toHaveProperty('problem');
    }
    expect(valueOf('-1.5e3', { type: 'float' })).toBe(-1500);
  });

  it('reads days of the calendar and moments with a zone', () => {
    const datetime: ScalarRule = { type: 'datetime' };
    expect(valueOf('2026-11-21', datetime)).toEqual(new Date('2026-11-21T00:00:00Z'));
    expect(valueOf('2026-11-21T18:30:00.123+02:00', datetime)).toEqual(new Date('2026-11-21T16:30:00.123Z'));
    expect(valueOf('2028-02-29T00:00Z', datetime)).toEqual(new Date('2028-02-29T00:00:00Z'));
    const refused = [
      '2026-02-30', '2027-02-29', '1900-02-29', '2026-13-01', '2026-00-10', '0000-01-01', '2026-11-21T18:30:00',
      '2026-11-21T24:00:00Z', '2026-11-21T18:30:60Z', '2026-11-21T18:30:00.123456Z', '21.11.2026', 'now', 'infinity',
      '+002026-11-21T00:00:00Z', '1', '1795276800000', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00',
    ]; // prettier-ignore
    for (const text of refused) expect([text, valueOf(text, datetime)]).toEqual([text, undefined]);
    expect(valueOf('2026-11-21', { type: 'date' })).toEqual(new Date('2026-11-21T00:00:00Z'));
    expect(readText('2026-11-21T18:30:00Z', { type: 'date' })).toHaveProperty('problem');
  });

  it('reads every moment that JavaScript writes, of the years 1 to 9999', () => {
    const moments = fc.date({
      min: new Date('0001-01-01'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, (moment) => {
        expect(valueOf(moment.toISOString(), { type: 'datetime' })).toEqual(moment);
      }),
    );
  });

  it('takes the values of an enum, UUIDs and booleans as they are written', () => {
    expect(valueOf('PAID', ENUM)).toBe('PAID');
    for (const text of ['paid', 'toString', '__proto__', '']) expect(valueOf(text, ENUM)).toBeUndefined();
    expect(valueOf('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', { type: 'uuid' })).toBeDefined();
    expect(valueOf('{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', { type: 'uuid' })).toBeUndefined();
    expect(valueOf('false', { type: 'boolean' })).toBe(false);
    for (const text of ['1', 'TRUE', 'yes', '']) expect(valueOf(text, { type: 'boolean' })).toBeUndefined();
  });

  it('refuses texts that are too long, have NUL or half of a surrogate pair', () => {
    expect(valueOf('😀a', TEXT)).toBe('😀a');
    for (const text of ['abcdef', 'a\0b', '\ud800', 'a\udc00'])
      expect(readText(text, TEXT)).toHaveProperty('problem');
  });

  it('never repeats the value in what it says is wrong', () => {
    const rules: ScalarRule[] = [
      INT,
      BIGINT,
      ENUM,
      TEXT,
      { type: 'float' },
      { type: 'datetime' },
      { type: 'uuid' },
    ];
    for (const rule of rules) {
      const reading = readText('s3cret-s3cret', rule);
      expect(reading).toHaveProperty('problem');
      expect(JSON.stringify(reading)).not.toContain('s3cret');
    }
  });
});

describe('readJson', () => {
  it('takes a scalar of the type alone: no object, list, null or text in the place of a number', () => {
    const rules: ScalarRule[] = [
      INT, BIGINT, ENUM, TEXT, { type: 'float' }, { type: 'decimal' }, { type: 'boolean' }, { type: 'datetime' }, { type: 'uuid' },
    ]; // prettier-ignore
    const others: unknown[] = [
      null,
      undefined,
      {},
      [],
      ['1'],
      { not: '' },
      { valueOf: () => 1 },
      Number.NaN,
      Symbol('x'),
    ];
    for (const rule of rules)
      for (const value of others) expect([rule.type, readJson(value, rule)]).toHaveProperty('1.problem');
    for (const value of ['1', true, 1.5, 2 ** 53]) expect(readJson(value, INT)).toHaveProperty('problem');
    expect(readJson('1', { type: 'float' })).toHaveProperty('problem');
    expect(readJson('true', { type: 'boolean' })).toHaveProperty('problem');
  });

  it('reads what JSON has no form for from text, and numbers that kept their digits', () => {
    expect(jsonOf('9007199254740993', BIGINT)).toBe(9_007_199_254_740_993n);
    expect(jsonOf(12, BIGINT)).toBe(12n);
    expect(readJson(2 ** 53, BIGINT)).toHaveProperty('problem');
    expect(jsonOf(0.125, { type: 'decimal' })).toBe('0.125');
    expect(readJson(1e21, { type: 'decimal' })).toHaveProperty('problem');
  });
});

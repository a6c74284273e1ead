import { describe, expect, it } from '@jest/globals';
import { OptionValidator } from '../config/option-validator.js';
import { DEFAULT_TRANSACTION_OPTIONS, resolveTransactionOptions } from './transaction.options.js';
import { resolveTransactionDefaults } from './transaction-defaults.options.js';

function problems(value: unknown): string[] {
  const validator = new OptionValidator();
  resolveTransactionOptions(value, validator);
  return validator.violations.map(({ path, problem }) => `${path} ${problem}`);
}

describe('the options of a transaction', () => {
  it('have defaults', () => {
    const validator = new OptionValidator();
    expect(resolveTransactionOptions({}, validator)).toEqual(DEFAULT_TRANSACTION_OPTIONS);
    expect(validator.violations).toEqual([]);
  });

  it.each([
    [{ propagation: 'ALWAYS' }, 'propagation'],
    [{ isolationLevel: 'serializable' }, 'isolationLevel'],
    [{ readOnly: 'yes' }, 'readOnly'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ maxWaitMs: 1.5 }, 'maxWaitMs'],
    [{ name: '' }, 'name'],
    [{ verify: 'id' }, 'verify'],
    [{ retry: { attempts: 0 } }, 'retry.attempts'],
    [{ retry: { tries: 2 } }, 'retry.tries'],
    [{ retry: true }, 'retry'],
    [{ isolation: 'Serializable' }, 'isolation'],
  ])('refuse %j', (value, path) => {
    expect(problems(value)).toHaveLength(1);
    expect(problems(value)[0]).toMatch(new RegExp(`^${path.replace('.', '\\.')} `));
  });

  it('take no setting without a value, as it would become a tenant of its own, and repeat none', () => {
    expect(problems({ settings: { 'app.tenant': undefined } })).toEqual(['settings.app.tenant is no text.']);
    expect(problems({ settings: { 'app.tenant': 42 } })).toHaveLength(1);
    expect(
      problems({ settings: { 'app.tenant': 'secret-tenant', "x'; DROP TABLE": 'y' } }).join(),
    ).not.toContain('secret-tenant');
    expect(problems({ settings: { "x'; DROP TABLE": 'y' } })).toHaveLength(1);
    expect(problems({ settings: { 'app.tenant': 'one' } })).toEqual([]);
  });

  it('try once with `retry: false`, and keep the rest of the retry as it was', () => {
    const { retry } = resolveTransactionOptions({ retry: false }, new OptionValidator());
    expect(retry).toEqual({ ...DEFAULT_TRANSACTION_OPTIONS.retry, attempts: 1 });
  });
});

describe('the defaults of all transactions', () => {
  it('say nothing that concerns one of them alone', () => {
    const validator = new OptionValidator();
    const value = { propagation: 'NESTED', readOnly: true, settings: {}, verify: 'xid', name: 'x' };
    resolveTransactionDefaults(value, validator, DEFAULT_TRANSACTION_OPTIONS);
    expect(validator.violations.map(({ path }) => path).sort()).toEqual(Object.keys(value).sort());
  });
});

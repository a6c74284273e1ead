import { describe, expect, it } from '@jest/globals';
import { OptionValidator } from '../config/option-validator.js';
import { DEFAULT_MIGRATION_OPTIONS, resolveMigrationOptions } from './migration.options.js';

describe('resolveMigrationOptions', () => {
  it('deploys nothing unless it is asked to', () => {
    const validator = new OptionValidator();
    expect(resolveMigrationOptions(undefined, validator)).toEqual(DEFAULT_MIGRATION_OPTIONS);
    expect(DEFAULT_MIGRATION_OPTIONS).toEqual({
      autoDeploy: false,
      directory: 'prisma/migrations',
      lockTimeoutMs: 60_000,
    });
    expect(validator.violations).toEqual([]);
  });

  it('keeps what is given, the ends of the range included', () => {
    const validator = new OptionValidator();
    const options = { autoDeploy: true, directory: 'db', lockTimeoutMs: 600_000 };
    expect(resolveMigrationOptions(options, validator)).toEqual(options);
    expect(resolveMigrationOptions({ lockTimeoutMs: 0 }, validator).lockTimeoutMs).toBe(0);
    expect(validator.violations).toEqual([]);
  });

  it('names every option that cannot be used, unknown ones included', () => {
    const validator = new OptionValidator('migrations');
    resolveMigrationOptions(
      { autoDeploy: 'yes', directory: '', lockTimeoutMs: 600_001, dir: 'x' },
      validator,
    );
    expect(validator.violations.map((violation) => violation.path).sort()).toEqual([
      'migrations.autoDeploy',
      'migrations.dir',
      'migrations.directory',
      'migrations.lockTimeoutMs',
    ]);
  });
});

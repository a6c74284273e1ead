import { describe, expect, it } from '@jest/globals';
import { MigrationFailedError, MigrationLockTimeoutError, MigrationSetupError } from './migration.errors.js';

describe('MigrationFailedError', () => {
  it('says what happened, where, and how to go on', () => {
    const failure = { reason: 'division by zero', sqlState: '22012', line: 3, earlier: false };
    expect(new MigrationFailedError('2_broken', failure).message).toBe(
      'Migration `2_broken` failed: division by zero. (SQLSTATE 22012, line 3) Its script was rolled back, unless it ' +
        'commits by itself or uses `CONCURRENTLY`: undo by hand what it left. Then correct `migration.sql`, mark the ' +
        'attempt as rolled back with `UPDATE "_prisma_migrations" SET rolled_back_at = now() WHERE migration_name = ' +
        "'2_broken' AND finished_at IS NULL AND rolled_back_at IS NULL` (or `npx prisma migrate resolve --rolled-back " +
        '2_broken`), and deploy again.',
    );
  });

  it('leaves out what is not known, and quotes the name for SQL', () => {
    const { message } = new MigrationFailedError("it's", { reason: 'why?', earlier: true });
    expect(message).toContain('failed in an earlier deploy and blocks this one: why? Its script');
    expect(message).toContain("migration_name = 'it''s'");
  });
});

describe('MigrationLockTimeoutError', () => {
  it('names the session that holds the lock and how to end it', () => {
    const holder = { pid: 7, applicationName: 'shop', connectedSince: new Date('2026-01-02T03:04:05Z') };
    const { message } = new MigrationLockTimeoutError(60_001, holder);
    expect(message).toContain(
      '60001 ms (held by pid=7, application_name="shop", connected since 2026-01-02T03:04:05.000Z)',
    );
    expect(message).toContain('`SELECT pg_terminate_backend(7)`');
  });

  it('admits when the holder could not be seen', () => {
    const { message } = new MigrationLockTimeoutError(5, undefined);
    expect(message).toContain('(its holder changed meanwhile)');
    expect(message).not.toContain('pg_terminate_backend');
  });
});

describe('MigrationSetupError', () => {
  it.each([
    [{ kind: 'directory-missing', directory: '/app/db' }, ['/app/db', 'migrations.directory']],
    [{ kind: 'no-migrations', directory: '/app/db' }, ['/app/db', 'prisma migrate dev']],
    [{ kind: 'script-missing', directory: '/app/db', migration: '1_a' }, ['1_a', 'migration.sql']],
    [{ kind: 'engine-missing', version: '7.1' }, ['npm install --save-exact @prisma/schema-engine-wasm@7.1']],
    [{ kind: 'engine-unusable', version: '7.1' }, ['could not be loaded', '@prisma/schema-engine-wasm@7.1']],
    [{ kind: 'no-history' }, ['--applied', 'baseline']],
    [{ kind: 'edited', migrations: ['1_a', '2_b'] }, ['Migrations `1_a`, `2_b` changed after being applied']],
    [{ kind: 'refused', refusal: 'P1', reason: 'so' }, ['(P1): so.']],
  ] as const)('says what is wrong and what to do: $kind', (problem, parts) => {
    const error = new MigrationSetupError(problem);
    for (const part of parts) expect(error.message).toContain(part);
    expect(error).toMatchObject({
      code: 'MIGRATION_SETUP',
      retryable: false,
      outcome: 'not-applied',
      problem,
    });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  MigrationInterruptedError,
  MigrationLockTimeoutError,
} from '../../../libs/database/src/migration/migration.errors.js';
import {
  ENGINE_LOCK_KEY,
  MIGRATION_LOCK_KEY,
} from '../../../libs/database/src/prisma/prisma-migration.runner.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';
import { Stopwatch } from '../../support/stopwatch.js';
import { createRunner, failureOf, MigrationFixture, openConnection } from './migration-fixture.js';

// Several deploys or child processes in one test, on a machine that may be busy.
jest.setTimeout(20_000);

// What another process runs that holds the lock and does nothing else.
const HOLDER = `
  import pg from 'pg';
  const client = new pg.Client({ connectionString: process.env.URL });
  await client.connect();
  await client.query('SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})');
  console.log('locked');`;

describe('the migration lock', () => {
  let database: TestDatabase;
  let fixture: MigrationFixture;

  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
    fixture = await MigrationFixture.create({ '1_first': 'CREATE TABLE first (id int)' });
  });

  afterEach(async () => {
    await fixture.remove();
    await database.drop();
  });

  it.each([
    ['another deploy', MIGRATION_LOCK_KEY],
    ["Prisma's own CLI", ENGINE_LOCK_KEY],
  ])('is waited for no longer than allowed, and then %s that holds it is named', async (_, key) => {
    const holder = await openConnection(database.url, 'the other one');
    const { rows } = await holder.query(`SELECT pg_backend_pid(), pg_advisory_lock(${key})`);
    const stopwatch = new Stopwatch();
    const error = await failureOf(createRunner(database.url, { ...fixture, lockTimeoutMs: 120 }).deploy());
    const { elapsedMs, tookMs } = stopwatch.stop();
    await holder.close();
    expect(error).toBeInstanceOf(MigrationLockTimeoutError);
    const { waitedMs, holder: named, message } = error as MigrationLockTimeoutError;
    expect(waitedMs).toBeGreaterThanOrEqual(120);
    expect(waitedMs - (elapsedMs - tookMs)).toBeLessThan(1_000);
    expect(named).toMatchObject({ pid: Number(rows[0]?.[0]), applicationName: 'the other one' });
    expect(Math.abs(Date.now() - Number(named?.connectedSince))).toBeLessThan(60_000);
    expect(message).toContain(`pid=${rows[0]?.[0]}, application_name="the other one", connected since `);
  });

  it('is not waited for at all with a timeout of 0', async () => {
    const holder = await openConnection(database.url, 'holder');
    await holder.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`);
    const error = await failureOf(createRunner(database.url, { ...fixture, lockTimeoutMs: 0 }).deploy());
    await holder.close();
    expect((error as MigrationLockTimeoutError).waitedMs).toBeLessThan(100);
  });

  it('passes on when the process that holds it is killed', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER], {
      env: { ...process.env, URL: database.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const deploy = createRunner(database.url, {
      ...fixture,
      log: (line) => line.startsWith('Waiting') && child.kill('SIGKILL'),
    });
    expect((await deploy.deploy()).applied).toEqual(['1_first']);
    expect(child.killed).toBe(true);
  });

  it('is let go after a migration has failed', async () => {
    await fixture.write('1_first', 'SELECT 1/0');
    await failureOf(createRunner(database.url, fixture).deploy());
    expect(
      await database.query(
        "SELECT * FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      ),
    ).toEqual([]);
  });

  it('stops waiting when the application is told to stop, with the reason it was given', async () => {
    const holder = await openConnection(database.url, 'holder');
    await holder.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`);
    const stop = new AbortController();
    const reason = new RangeError('shutting down');
    const log = (line: string): void => {
      if (line.startsWith('Waiting')) stop.abort(reason);
    };
    const error = await failureOf(
      createRunner(database.url, { ...fixture, log, signal: stop.signal }).deploy(),
    );
    await holder.close();
    expect(error).toBe(reason);
  });

  it('is given up with a typed error when the waiting session is ended', async () => {
    const holder = await openConnection(database.url, 'holder');
    await holder.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`);
    const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'shop migrate'`;
    const log = (line: string): void => {
      if (line.startsWith('Waiting')) void holder.query(end);
    };
    const error = await failureOf(createRunner(database.url, { ...fixture, log }).deploy());
    await holder.close();
    expect(error).toBeInstanceOf(MigrationInterruptedError);
  });

  it('cannot be lost unnoticed: it ends with the session that migrates, and the deploy says so', async () => {
    await fixture.write('2_long', 'CREATE TABLE long (id int); SELECT pg_sleep(30)');
    const deploy = failureOf(createRunner(database.url, fixture).deploy());
    const sleeping = `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event = 'PgSleep'`;
    expect(await until(async () => (await database.query(sleeping)).length === 1, 5_000)).toBe(true);
    const error = await deploy;
    expect(error).toBeInstanceOf(MigrationInterruptedError);
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED', outcome: 'unknown' });
    // The next deploy finds the unfinished record and names it.
    expect(await failureOf(createRunner(database.url, fixture).deploy())).toMatchObject({
      migration: '2_long',
      failure: { earlier: true, reason: 'its deploy ended before it had finished' },
    });
  });
});

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  MigrationFailedError,
  MigrationSetupError,
} from '../../../libs/database/src/migration/migration.errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { createRunner, failureOf, MigrationFixture } from './migration-fixture.js';

// Several deploys or child processes in one test, on a machine that may be busy.
jest.setTimeout(20_000);

const BROKEN = {
  '1_good': 'CREATE TABLE good (id int)',
  '2_broken': 'CREATE TABLE half (id int);\nINSERT INTO good VALUES (1);\n\nINSERT INTO missing VALUES (1);',
  '3_later': 'CREATE TABLE later (id int)',
};

describe('a migration that fails', () => {
  let database: TestDatabase;
  let fixture: MigrationFixture;

  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
    fixture = await MigrationFixture.create(BROKEN);
  });

  afterEach(async () => {
    await fixture.remove();
    await database.drop();
  });

  it('is rolled back as a whole, keeps the earlier ones and stops before the later ones', async () => {
    await failureOf(createRunner(database.url, fixture).deploy());
    expect(await tables()).toEqual(['_prisma_migrations', 'good']);
    expect(await database.query('SELECT * FROM good')).toEqual([]);
  });

  it("is named together with the database's words, the SQLSTATE, the line and the remedy", async () => {
    const error = await failureOf(createRunner(database.url, fixture).deploy());
    expect(error).toBeInstanceOf(MigrationFailedError);
    expect(error).toMatchObject({
      code: 'MIGRATION_FAILED',
      migration: '2_broken',
      failure: { reason: 'relation "missing" does not exist', sqlState: '42P01', line: 4, earlier: false },
    });
    expect((error as Error).message).toContain('`2_broken` failed: relation "missing" does not exist');
    expect((error as Error).message).toContain('mark the attempt as rolled back');
  });

  it('is named again by the next deploy, which applies nothing', async () => {
    await failureOf(createRunner(database.url, fixture).deploy());
    await fixture.write('2_broken', 'CREATE TABLE half (id int)');
    const error = await failureOf(createRunner(database.url, fixture).deploy());
    expect(error).toMatchObject({ migration: '2_broken', failure: { earlier: true } });
    expect((error as Error).message).toMatch(/in an earlier deploy and blocks this one: .*missing/);
    expect(await tables()).toEqual(['_prisma_migrations', 'good']);
  });

  it('is applied after a correction and the statement that its message gives', async () => {
    const { message } = (await failureOf(createRunner(database.url, fixture).deploy())) as Error;
    await fixture.write('2_broken', 'CREATE TABLE half (id int)');
    await database.query(/`(UPDATE [^`]+)`/.exec(message)?.[1] ?? '');
    expect((await createRunner(database.url, fixture).deploy()).applied).toEqual(['2_broken', '3_later']);
    expect(await tables()).toEqual(['_prisma_migrations', 'good', 'half', 'later']);
  });

  it('never repeats the contents of a row', async () => {
    await fixture.write(
      '2_broken',
      'INSERT INTO good VALUES (1), (1); CREATE UNIQUE INDEX good_id ON good (id)',
    );
    const error = await failureOf(createRunner(database.url, fixture).deploy());
    expect(error).toMatchObject({
      failure: { reason: 'could not create unique index "good_id"', sqlState: '23505' },
    });
    const again = await failureOf(createRunner(database.url, fixture).deploy());
    for (const { message } of [error, again] as Error[]) expect(message).not.toMatch(/is duplicated|Key \(/);
  });

  it('is told apart when its script leaves a transaction open, which would lose the record of it', async () => {
    await fixture.write('2_broken', 'BEGIN; CREATE TABLE half (id int)');
    const error = await failureOf(createRunner(database.url, fixture).deploy());
    expect(error).toMatchObject({
      migration: '2_broken',
      failure: { reason: expect.stringContaining('add COMMIT') },
    });
    expect(await tables()).toEqual(['_prisma_migrations', 'good']);
  });

  it('leaves its record behind even when its script had opened a transaction by itself', async () => {
    await fixture.write('2_broken', 'BEGIN; CREATE TABLE half (id int); SELECT 1/0; COMMIT;');
    const first = await failureOf(createRunner(database.url, fixture).deploy());
    expect(first).toMatchObject({ failure: { reason: 'division by zero', sqlState: '22012' } });
    expect(await failureOf(createRunner(database.url, fixture).deploy())).toMatchObject({
      failure: { earlier: true },
    });
    expect(await tables()).toEqual(['_prisma_migrations', 'good']);
  });

  async function tables(): Promise<readonly string[]> {
    const rows = await database.query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename COLLATE "C"`,
    );
    return rows.map((row) => row.tablename);
  }
});

describe('migrations that cannot be run', () => {
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

  it('are refused when an applied one has been edited since, before anything is applied', async () => {
    await createRunner(database.url, fixture).deploy();
    await fixture.write('1_first', 'CREATE TABLE first (id bigint)');
    await fixture.write('2_second', 'CREATE TABLE second (id int)');
    const error = await refusal();
    expect(error.problem).toEqual({ kind: 'edited', migrations: ['1_first'] });
    expect(await database.query("SELECT to_regclass('second') AS found")).toEqual([{ found: null }]);
  });

  it('are refused on a database with tables and no history, with a hint at baselining', async () => {
    await database.query('CREATE TABLE legacy (id int)');
    const error = await refusal();
    expect(error.problem).toEqual({ kind: 'no-history' });
    expect(error.message).toContain('npx prisma migrate resolve --applied');
  });

  it("are refused when the directory is another provider's", async () => {
    await writeFile(path.join(fixture.directory, 'migration_lock.toml'), 'provider = "mysql"\n');
    expect((await refusal()).problem).toMatchObject({ kind: 'refused', refusal: 'P3019' });
  });

  it('are refused when the role may not read the records, in the words of the database', async () => {
    await createRunner(database.url, fixture).deploy();
    const role = `${database.name}_reader`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'reader'`);
    const url = new URL(database.url);
    url.username = role;
    url.password = 'reader';
    const error = await failureOf(createRunner(url.toString(), fixture).deploy());
    await database.query(`DROP ROLE ${role}`);
    expect((error as MigrationSetupError).problem).toMatchObject({ kind: 'refused', refusal: '42501' });
  });

  it('fail as any connection does when the server is not there', async () => {
    const error = await failureOf(createRunner('postgresql://postgres@127.0.0.1:1/none', fixture).deploy());
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  async function refusal(): Promise<MigrationSetupError> {
    const error = await failureOf(createRunner(database.url, fixture).deploy());
    expect(error).toBeInstanceOf(MigrationSetupError);
    return error as MigrationSetupError;
  }
});

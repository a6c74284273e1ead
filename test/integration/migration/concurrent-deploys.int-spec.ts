import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MigrationAdapterFactory } from '../../../libs/database/src/prisma/migration-adapter.js';
import { readMigrationDirectory } from '../../../libs/database/src/prisma/migration-directory.js';
import { ENGINE_LOCK_KEY } from '../../../libs/database/src/prisma/prisma-migration.runner.js';
import { applyMigrations } from '../../../libs/database/src/prisma/schema-engine.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';
import {
  createRunner,
  MigrationFixture,
  openConnection,
  SHOP_MIGRATIONS,
  shopMigrations,
} from './migration-fixture.js';

// Several deploys or child processes in one test, on a machine that may be busy.
jest.setTimeout(20_000);

const GATE = 4_711;

// Stops until the suite opens the gate, so that the others are certain to wait when the index is built.
const GATED_INDEX = {
  '1_gate': `CREATE TABLE item (name text); SELECT pg_advisory_lock(${GATE}); SELECT pg_advisory_unlock(${GATE})`,
  '2_index': 'CREATE INDEX CONCURRENTLY item_name_idx ON item (name)',
};

describe('simultaneous deploys', () => {
  let database: TestDatabase;
  let fixture: MigrationFixture;

  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
    fixture = await MigrationFixture.create(GATED_INDEX);
  });

  afterEach(async () => {
    await fixture.remove();
    await database.drop();
  });

  it('apply each migration once, eight at a time, with an index that is built concurrently', async () => {
    const deploys = Array.from({ length: 8 }, () =>
      createRunner(database.url, { directory: SHOP_MIGRATIONS }).deploy(),
    );
    const reports = await Promise.all(deploys);
    const count = shopMigrations().length;
    expect(reports.map((report) => report.applied.length).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, count]);
    expect(await database.query('SELECT count(*)::int AS n FROM _prisma_migrations')).toEqual([{ n: count }]);
  });

  it('do not deadlock with an index that is built while others wait', async () => {
    const waiting: string[] = [];
    const gate = await closeGate();
    const deploys = Array.from({ length: 3 }, () =>
      createRunner(database.url, {
        ...fixture,
        log: (line) => line.startsWith('Waiting') && waiting.push(line),
      }).deploy(),
    );
    expect(await until(() => waiting.length === 2, 5_000)).toBe(true);
    await gate.close();
    const reports = await Promise.all(deploys);
    expect(reports.map((report) => report.applied.length).sort()).toEqual([0, 0, 2]);
    expect(waiting[0]).toMatch(
      /^Waiting for another deploy to finish \(pid=\d+, application_name="shop migrate"\)\.$/,
    );
  });

  it("would deadlock with the engine's own lock alone, which blocks", async () => {
    await database.query(`ALTER DATABASE ${database.name} SET deadlock_timeout = '100ms'`);
    const directory = await readMigrationDirectory(fixture.directory);
    const gate = await closeGate();
    const deploys = Promise.allSettled(
      ['first', 'second'].map(async (name) => {
        const connection = await openConnection(database.url, name);
        try {
          return await applyMigrations(new MigrationAdapterFactory(connection, undefined), directory);
        } finally {
          await connection.close();
        }
      }),
    );
    const blocked = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = ${ENGINE_LOCK_KEY}`;
    expect(await until(async () => (await database.query(blocked)).length === 1, 5_000)).toBe(true);
    await gate.close();
    // The server ends one of the two. If that is the holder, the other one meets its unfinished migration and fails too.
    const failures = (await deploys).filter((outcome) => outcome.status === 'rejected');
    expect(failures.map((failure) => String(failure.reason)).join('\n')).toMatch(/deadlock/i);
  });

  async function closeGate() {
    const gate = await openConnection(database.url, 'gate');
    await gate.query(`SELECT pg_advisory_lock(${GATE})`);
    return gate;
  }
});

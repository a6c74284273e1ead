import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  ENGINE_LOCK_KEY,
  MIGRATION_LOCK_KEY,
} from '../../../libs/database/src/prisma/prisma-migration.runner.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import {
  createRunner,
  MigrationFixture,
  openConnection,
  SHOP_MIGRATIONS,
  shopMigrations,
} from './migration-fixture.js';

// Several deploys or child processes in one test, on a machine that may be busy.
jest.setTimeout(20_000);

const SHOP_TABLES = [
  'card_payment', 'category', 'customer', 'customer_order', 'day_closing', 'fake_charge', 'order_item', 'order_notice',
  'payment', 'price_change', 'product', 'refund', 'refund_line', 'register', 'register_closing', 'sale', 'sale_line',
  'stock_item', 'stock_transfer', 'stock_transfer_line', 'storage', 'stored_item',
]; // prettier-ignore

describe('deploying migrations', () => {
  let database: TestDatabase;
  let fixture: MigrationFixture | undefined;

  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
  });

  afterEach(async () => {
    await fixture?.remove();
    fixture = undefined;
    // Fails when a deploy has left a connection open.
    await database.drop();
  });

  it('brings an empty database to the state of the shop, in the order of the names', async () => {
    const report = await createRunner(database.url, { directory: SHOP_MIGRATIONS }).deploy();
    expect(report.applied).toEqual(shopMigrations());
    expect(report.alreadyApplied).toBe(0);
    expect(await tablesOf('public')).toEqual(['_prisma_migrations', ...SHOP_TABLES]);
    expect(
      await database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'product_name_idx'::regclass"),
    ).toEqual([{ indisvalid: true }]);
  });

  it("lets the database refuse what the shop's rules forbid", async () => {
    await createRunner(database.url, { directory: SHOP_MIGRATIONS }).deploy();
    await database.query("INSERT INTO category (name, slug) VALUES ('Tea', 'tea')");
    await database.query(
      `INSERT INTO product (sku, name, price_cents, weight_kg, category_id, updated_at)
       VALUES ('T1', 'Assam', 450, 0.25, 1, now())`,
    );
    const stock = 'INSERT INTO stock_item (product_id, quantity, updated_at) VALUES (1, $1, now())';
    await expect(database.query(stock, [-1])).rejects.toMatchObject({
      constraint: 'stock_item_quantity_check',
    });
    await expect(database.query('UPDATE product SET price_cents = -1')).rejects.toMatchObject({
      code: '23514',
    });
  });

  it('needs neither a lock nor the engine when nothing is pending', async () => {
    await createRunner(database.url, { directory: SHOP_MIGRATIONS }).deploy();
    const other = await openConnection(database.url, 'other');
    try {
      // The engine would wait for its own lock, and the runner for both.
      await other.query(
        `SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY}), pg_advisory_lock(${ENGINE_LOCK_KEY})`,
      );
      const report = await createRunner(database.url, {
        directory: SHOP_MIGRATIONS,
        lockTimeoutMs: 0,
      }).deploy();
      expect(report.applied).toEqual([]);
      expect(report.alreadyApplied).toBe(shopMigrations().length);
    } finally {
      await other.close();
    }
  });

  it('applies only what was added since the last deploy', async () => {
    fixture = await MigrationFixture.create({ '1_first': 'CREATE TABLE first (id int)' });
    await createRunner(database.url, fixture).deploy();
    await fixture.write('2_second', 'ALTER TABLE first ADD COLUMN name text');
    expect(await createRunner(database.url, fixture).deploy()).toMatchObject({
      applied: ['2_second'],
      alreadyApplied: 1,
    });
  });

  it('sends a script to the server whole: quoted semicolons and function bodies survive', async () => {
    fixture = await MigrationFixture.create({
      '1_texts': `
        CREATE TABLE note (body text DEFAULT 'a;b', "semi;colon" text);
        CREATE FUNCTION shout(t text) RETURNS text LANGUAGE plpgsql AS $body$
          BEGIN
            -- a comment; with a semicolon
            RETURN upper(t || ';');
          END;
        $body$;
        DO $$ BEGIN INSERT INTO note DEFAULT VALUES; END $$;
        INSERT INTO note (body) VALUES (shout('c;d'));`,
    });
    await createRunner(database.url, fixture).deploy();
    expect(await database.query('SELECT body FROM note ORDER BY body')).toEqual([
      { body: 'C;D;' },
      { body: 'a;b' },
    ]);
  });

  it("keeps a script's settings from reaching the next one", async () => {
    fixture = await MigrationFixture.create({
      '1_dump': "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.dumped (id int)",
      '2_plain': 'CREATE TABLE plain (id int)',
    });
    await createRunner(database.url, fixture).deploy();
    expect(await tablesOf('public')).toEqual(['_prisma_migrations', 'dumped', 'plain']);
  });

  it('puts everything into the schema of the URL, and creates that schema', async () => {
    const url = `${database.url}?schema=Tenant1`;
    expect((await createRunner(url, { directory: SHOP_MIGRATIONS }).deploy()).applied).toEqual(
      shopMigrations(),
    );
    expect(await tablesOf('Tenant1')).toEqual(['_prisma_migrations', ...SHOP_TABLES]);
    expect(await tablesOf('public')).toEqual([]);
    expect((await createRunner(url, { directory: SHOP_MIGRATIONS }).deploy()).applied).toEqual([]);
  });

  it('needs no right to create schemas where the schema is there', async () => {
    const owner = `${database.name}_owner`;
    await database.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'owner'`);
    await database.query(`CREATE SCHEMA tenant AUTHORIZATION ${owner}`);
    const url = new URL(`${database.url}?schema=tenant`);
    url.username = owner;
    url.password = 'owner';
    await createRunner(url.toString(), { directory: SHOP_MIGRATIONS }).deploy();
    expect(await tablesOf('tenant')).toContain('product');
    await database.query(`DROP OWNED BY ${owner}`);
    await database.query(`DROP ROLE ${owner}`);
  });

  it('leaves nothing behind that would keep the process alive', async () => {
    const scenario = path.join(import.meta.dirname, 'deploy-scenario.ts');
    const loader = path.join(import.meta.dirname, 'typescript-loader.mjs');
    const child = spawn(process.execPath, ['--import', loader, scenario], {
      env: { ...process.env, DATABASE_URL: database.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const deployed = performance.now();
    expect(await once(child, 'exit')).toEqual([0, null]);
    // The engine's own timer alone would keep it for ten seconds.
    expect(performance.now() - deployed).toBeLessThan(3_000);
  });

  it('starts an older release on a newer database, and says so', async () => {
    fixture = await MigrationFixture.create({
      '1_first': 'CREATE TABLE first ()',
      '2_newer': 'CREATE TABLE newer ()',
    });
    await createRunner(database.url, fixture).deploy();
    const older = await MigrationFixture.create({ '1_first': 'CREATE TABLE first ()' });
    const lines: string[] = [];
    const report = await createRunner(database.url, { ...older, log: (line) => lines.push(line) }).deploy();
    await older.remove();
    expect(report).toMatchObject({ applied: [], alreadyApplied: 1 });
    expect(lines[0]).toMatch(/^A newer release has been here; not in .*: 2_newer\.$/);
  });

  it('accepts an applied script that another checkout gave other line endings', async () => {
    fixture = await MigrationFixture.create({ '1_first': 'CREATE TABLE first (\n  id int\n);\n' });
    await createRunner(database.url, fixture).deploy();
    await fixture.write('1_first', 'CREATE TABLE first (\r\n  id int\r\n);\r\n');
    expect((await createRunner(database.url, fixture).deploy()).applied).toEqual([]);
  });

  async function tablesOf(schema: string): Promise<readonly string[]> {
    const sql = 'SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename COLLATE "C"';
    return (await database.query<{ tablename: string }>(sql, [schema])).map((row) => row.tablename);
  }
});

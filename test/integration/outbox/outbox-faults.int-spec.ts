import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  DatabaseError,
  openDatabase,
  type OpenDatabase,
  type OutboxOptions,
} from '../../../libs/database/src/index.js';
import { FaultProxy } from '../../support/fault-proxy/index.js';
import { PrivatePostgres } from '../../support/faults/private-postgres.js';
import { until } from '../../support/until.js';
import { NEVER_MS, RecordingSink } from './outbox-scene.js';

jest.setTimeout(120_000);

const KEYS = ['a', 'b', 'c', 'd'];

let postgres: PrivatePostgres;
const opened: OpenDatabase[] = [];
const proxies: FaultProxy[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  postgres = await PrivatePostgres.start();
  await postgres.query(
    "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO shop', current_database()); END $$",
  );
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  await postgres.query('TRUNCATE category; DROP SCHEMA IF EXISTS nestjs_database CASCADE');
});
afterAll(async () => {
  await postgres.stop();
});

async function open(outbox: OutboxOptions, url = postgres.url): Promise<OpenDatabase> {
  const database = await openDatabase({
    client: PrismaClient,
    url,
    redis: false,
    env: false,
    pool: { min: 0, max: 6, acquireTimeoutMs: 500, connectTimeoutMs: 500 },
    timeouts: { statementMs: 2_000, graceMs: 500 },
    // Nothing is found by polling: who comes back has to look by itself.
    outbox: { pollMs: NEVER_MS, leaseMs: 1_000, initialDelayMs: 0, maxDelayMs: 10, ...outbox },
  });
  opened.push(database);
  return database;
}

/** Writes under each key in a row, until it is told to stop, and knows what became of each transaction. */
class Writers {
  readonly committed: string[] = [];
  readonly refused: string[] = [];
  readonly inDoubt: string[] = [];
  readonly untyped: unknown[] = [];
  private stopped = false;
  private readonly done: Promise<unknown>;

  constructor(private readonly database: OpenDatabase) {
    this.done = Promise.all(KEYS.map((key) => this.write(key)));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async write(key: string): Promise<void> {
    const { transactions, outbox, db } = this.database;
    for (let number = 1; !this.stopped; number++) {
      const place = `${key} ${number}`;
      try {
        await transactions.run(async () => {
          await db.query('INSERT INTO category (name, slug) VALUES ($1, $1)', [place]);
          outbox.add({ topic: 'order', key, payload: number });
        });
        this.committed.push(place);
      } catch (error) {
        if (!(error instanceof DatabaseError)) this.untyped.push(error);
        else if (error.outcome === 'unknown') this.inDoubt.push(place);
        else this.refused.push(place);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}

/** Compares what was delivered with what was committed, by the application's own table. */
async function judge(sink: RecordingSink, writers: Writers): Promise<void> {
  const stored = await postgres.stored();
  expect(writers.untyped).toEqual([]);
  expect(writers.committed.filter((place) => !stored.includes(place))).toEqual([]);
  expect(writers.refused.filter((place) => stored.includes(place))).toEqual([]);
  const ids = new Map<string, string>();
  const order = new Map<string, number[]>();
  for (const { id, key, payload } of sink.received) {
    const place = `${String(key)} ${String(payload)}`;
    // What comes again has the same id.
    expect(ids.get(place) ?? id).toBe(id);
    if (!ids.has(place)) order.set(String(key), [...(order.get(String(key)) ?? []), payload as number]);
    ids.set(place, id);
  }
  expect([...ids.keys()].sort()).toEqual([...stored].sort());
  for (const numbers of order.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
}

const drained = async () => {
  const count = async () =>
    (
      await postgres.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM nestjs_database.outbox_message',
      )
    )[0]?.count;
  expect(await until(async () => (await count()) === 0, 30_000)).toBe(true);
};

describe('a database that is killed and restarted under load', () => {
  it('makes writers fail with typed errors, loses nothing that was committed, and the sweeper goes on by itself', async () => {
    const sink = new RecordingSink();
    await open({ sinks: { order: sink } });
    const writers = new Writers(await open({ deliver: false }));
    for (let turn = 1; turn <= 2; turn++) {
      const before = writers.committed.length;
      expect(await until(() => writers.committed.length >= before + 40, 20_000)).toBe(true);
      const { postmaster } = postgres;
      process.kill(postmaster, 'SIGKILL');
      await postgres.restarted(postmaster);
    }
    const before = writers.committed.length;
    expect(await until(() => writers.committed.length >= before + 40, 20_000)).toBe(true);
    await writers.stop();
    await drained();
    await judge(sink, writers);
    expect(writers.refused.length + writers.inDoubt.length).toBeGreaterThan(0);
  });
});

describe('a database that is away for longer than the leases', () => {
  it('is swept again when it is back, without anybody who says so; what was under way comes again with the same id', async () => {
    const proxy = await FaultProxy.start({ upstream: postgres.url });
    proxies.push(proxy);
    const sink = new RecordingSink();
    const sweeper = await open({ sinks: { order: sink }, concurrency: 2 }, proxy.url);
    const writers = new Writers(await open({ deliver: false }));
    expect(await until(() => sink.received.length >= 20, 20_000)).toBe(true);
    proxy.refuse();
    proxy.cut('rst');
    // Its leases end meanwhile, and writing goes on.
    const owned = async () =>
      (
        await postgres.query<{ count: number }>(
          'SELECT count(*)::int AS count FROM nestjs_database.outbox_slot WHERE lease_until > clock_timestamp()',
        )
      )[0]?.count;
    expect(await until(async () => (await owned()) === 0, 20_000)).toBe(true);
    await writers.stop();
    await proxy.heal();
    await drained();
    await judge(sink, writers);
    expect(writers.refused).toEqual([]);
    await expect(sweeper.outboxAdmin.status()).resolves.toMatchObject({ pending: 0, dead: 0 });
  });
});

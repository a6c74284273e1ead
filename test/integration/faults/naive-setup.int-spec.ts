/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import { encodeError, encodeFrame, limitData } from '../../support/fault-proxy/index.js';
import { category, type FaultBench, held } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaults } from '../../support/faults/fault-suite.js';

/**
 * What a bare PrismaClient over PrismaPg does today, as `docs/reliability.md` says. When one of these fails after an
 * update of Prisma or pg, the table there is out of date.
 */
let database: FaultDatabase;
let bench: FaultBench;
let naive: PrismaClient;

useFaults((faults) => ({ database, bench } = faults));
beforeEach(async () => {
  naive = bench.naive();
  await naive.category.create(category('first'));
});

async function reconnecting(): Promise<void> {
  bench.proxy.cut('fin');
  await bench.isDisconnected();
}
const refuse = async (change: string, undo: string, code: string) => {
  await reconnecting();
  await database.query(change);
  try {
    expect((await bench.failure(naive.category.create(category('second')))).error).toMatchObject({ code });
  } finally {
    await database.query(undo);
  }
};

describe('the naive setup', () => {
  it('survives idle connections that are cut, and opens new ones (rows 7, 17)', async () => {
    await reconnecting();
    expect(await naive.category.count()).toBe(1);
  });

  it('says P2039 while the server starts up (row 6)', async () => {
    const bytes = encodeError({ sqlState: '57P03', severity: 'FATAL' });
    await reconnecting();
    bench.proxy.onReply({ type: 'R' }, { do: 'replace', bytes });
    expect((await bench.failure(naive.category.count())).error).toMatchObject({ code: 'P2039' });
  });

  it('says P2010 for a raw statement whose session is ended or which is cancelled (rows 8, 11)', async () => {
    for (const end of ['pg_terminate_backend', 'pg_cancel_backend']) {
      const asleep = held(naive.$queryRaw`SELECT pg_sleep(5), 'naive'::text`);
      await database.query(`SELECT ${end}($1)`, [await database.isRunning('naive')]);
      expect((await bench.failure(asleep.promise)).error).toMatchObject({ code: 'P2010' });
    }
  });

  it('says the same for a read and a write that were sent when the connection broke (row 18)', async () => {
    for (const call of [() => naive.category.count(), () => naive.category.create(category('second'))]) {
      await naive.category.count();
      bench.proxy.onRequest({ statement: /^(INSERT|SELECT)/ }, { do: 'cut' });
      expect((await bench.failure(call())).error).toMatchObject({ code: 'P1017' });
    }
  });

  it('throws an error without a code for a result that was cut short (row 19)', async () => {
    await database.query("INSERT INTO category (name, slug) SELECT lpad(i::text, 60, 'n'), i FROM generate_series(1, 3000) i"); // prettier-ignore
    const fault = bench.proxy.add(limitData({ bytes: 50_000, direction: 'toClient' }));
    const { error } = await bench.failure(naive.category.findMany());
    expect(error).not.toHaveProperty('outcome');
    expect(error.message).toMatch(/terminated unexpectedly|closed the connection|ECONNRESET/);
    fault.remove();
  });

  it('throws an error without a code for a COMMIT that was not answered (rows 20, 21)', async () => {
    bench.proxy.onRequest({ statement: /^COMMIT/ }, { do: 'cutOnReply' });
    const { error } = await bench.failure(naive.$transaction((tx) => tx.category.create(category('second'))));
    expect(error).toMatchObject({ name: 'DriverAdapterError', message: 'ConnectionClosed' });
    expect(error.code).toBeUndefined();
    expect(await database.stored()).toEqual(['first', 'second']);
  });

  it('waits for ever for the rest of what was not PostgreSQL’s (row 25)', async () => {
    const huge = encodeFrame('D', Buffer.alloc(0));
    huge.writeUInt32BE(0x3fff_ffff, 1);
    const fault = bench.proxy.onReply({ type: 'D' }, { do: 'replace', bytes: huge });
    const waiting = held(naive.category.findMany());
    await fault.happened();
    // Longer than all the deadlines of the library together take.
    await bench.failure(bench.prisma.$queryRaw`SELECT pg_sleep(30)::text`);
    expect(waiting.settled).toBe(false);
    bench.proxy.cut('rst');
    await bench.failure(waiting.promise);
  });

  it('says P2037 and P1010 where it may not connect (rows 32, 55)', async () => {
    const role = (change: string) => `ALTER ROLE ${database.role} ${change}`;
    await refuse(role('CONNECTION LIMIT 0'), role('CONNECTION LIMIT -1'), 'P2037');
    await refuse(role('NOLOGIN'), role('LOGIN'), 'P1010');
  });

  it('says P2039 for a server that is read-only, and P2022 for a column that is missing (rows 34, 42)', async () => {
    const setting = `ALTER ROLE ${database.role}`;
    await refuse(
      `${setting} SET default_transaction_read_only = on`,
      `${setting} RESET default_transaction_read_only`,
      'P2039',
    );
    await reconnecting();
    await refuse(
      'ALTER TABLE category RENAME slug TO moved',
      'ALTER TABLE category RENAME moved TO slug',
      'P2022',
    );
  });

  it('loses the connection over a value that the server refuses (row 44)', async () => {
    const before = bench.proxy.acceptedConnections;
    expect((await bench.failure(naive.category.create(category('a\0')))).error).toMatchObject({
      code: 'P2039',
    });
    await naive.category.count();
    expect(bench.proxy.acceptedConnections).toBe(before + 1);
  });

  it('reads other values where the role has another time zone or date style', async () => {
    const read = async () =>
      (
        await naive.$queryRaw<{ at: Date; day: Date }[]>`
        SELECT '2024-03-10 07:30+00'::timestamptz AS at, '2024-02-01'::date AS day`
      )[0]!;
    const right = await read();
    await database.query(`ALTER ROLE ${database.role} SET TimeZone = 'America/New_York'`);
    await reconnecting();
    expect((await read()).at.getTime() - right.at.getTime()).toBe(-4 * 3_600_000);
    await database.query(`ALTER ROLE ${database.role} SET DateStyle = 'German, DMY'`);
    await reconnecting();
    // The first of February has become the second of January.
    expect((await read()).day.toISOString()).toBe('2024-01-02T00:00:00.000Z');
    await database.query(`ALTER ROLE ${database.role} RESET ALL`);
  });
});

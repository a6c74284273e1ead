/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { constants } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { FAST, FaultBench } from '../support/faults/fault-bench.js';
import { useFaultDatabase } from '../support/faults/fault-suite.js';
import type { FaultDatabase } from '../support/faults/fault-database.js';

const MB = 1_000_000;
const PAGES = 100;
const ROWS_PER_PAGE = 10;
const RSS_LIMIT_MB = 600;
/** For 99 of 100 turns of the event loop, and of the queries that others make meanwhile. */
const LAG_LIMIT_MS = 200;
const PATIENT = { ...FAST.timeouts, statementMs: 60_000 };

let database: FaultDatabase;

useFaultDatabase((created) => (database = created));

describe('large results', () => {
  it('row 45: 1 GB in pages takes bounded memory and leaves others served; as one result it would all be in memory', async () => {
    const bench = await FaultBench.open({ url: database.url, module: { timeouts: PATIENT } });
    const before = process.memoryUsage().rss;
    let peak = before;
    let bytes = 0;
    const times: number[] = [];
    let running = true;
    const others = (async () => {
      while (running) {
        const started = performance.now();
        await bench.prisma.category.count();
        times.push(performance.now() - started);
      }
    })();
    const lag = monitorEventLoopDelay({ resolution: 10 });
    lag.enable();
    for (let page = 0; page < PAGES; page += 1) {
      const rows = await bench.prisma.$queryRaw<{ text: string }[]>`
        SELECT repeat('x', ${MB}::int) AS text FROM generate_series(1, ${ROWS_PER_PAGE}::int)`;
      for (const row of rows) bytes += row.text.length;
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    lag.disable();
    running = false;
    await others;
    expect(bytes).toBe(PAGES * ROWS_PER_PAGE * MB);
    expect((peak - before) / MB).toBeLessThan(RSS_LIMIT_MB);
    expect(lag.percentile(99) / 1e6).toBeLessThan(LAG_LIMIT_MS);
    times.sort((a, b) => a - b);
    expect(times[Math.floor(times.length * 0.99)]).toBeLessThan(LAG_LIMIT_MS);
    await bench.close(database);
  }, 240_000);

  it('row 45: a value that is longer than a string can be is a typed error, is not asked for again, and costs its connection only; it ends the process of the naive setup', async () => {
    const bench = await FaultBench.open({ url: database.url, module: { timeouts: PATIENT } });
    const half = Math.ceil((constants.MAX_STRING_LENGTH + 1) / 2);
    const sql = `SELECT repeat('x', ${half}) || repeat('x', ${half}) AS text`;
    const { error } = await bench.verdict(bench.prisma.$queryRawUnsafe(sql), 'QUERY');
    expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
    expect(error.message).toContain('read it in parts');
    await bench.recovers();
    await bench.close(database);

    const program = `
      import { createRequire } from 'node:module';
      const pg = createRequire(${JSON.stringify(import.meta.url)})('pg');
      const pool = new pg.Pool({ connectionString: process.env.URL });
      await pool.query(process.env.SQL).catch(() => process.exit(0));`;
    const env = { ...process.env, URL: database.url, SQL: sql };
    const naive = spawn(process.execPath, ['--input-type=module', '--eval', program], { env, stdio: ['ignore', 'ignore', 'pipe'] }); // prettier-ignore
    const [said, [exitCode]] = await Promise.all([text(naive.stderr), once(naive, 'exit')]);
    expect(exitCode).not.toBe(0);
    expect(said).toContain('ERR_STRING_TOO_LONG');
  }, 240_000);
});

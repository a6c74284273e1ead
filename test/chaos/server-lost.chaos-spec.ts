/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { FaultBench, RECOVERY_MS } from '../support/faults/fault-bench.js';
import { PrivatePostgres } from '../support/faults/private-postgres.js';
import { WriteLoad } from '../support/faults/write-load.js';
import { until } from '../support/until.js';

const CYCLES = 50;
const SIGNALS = ['SIGKILL', 'SIGINT'] as const;

let postgres: PrivatePostgres;

beforeAll(async () => {
  postgres = await PrivatePostgres.start({ max_connections: '20' });
}, 60_000);
afterAll(async () => {
  await postgres.stop();
}, 30_000);
beforeEach(async () => {
  await postgres.query('TRUNCATE category');
});

async function expectLedger(load: WriteLoad): Promise<void> {
  const stored = await postgres.stored();
  const set = new Set(stored);
  expect(set.size).toBe(stored.length);
  expect(load.acknowledged.filter((name) => !set.has(name))).toEqual([]);
  const intents = new Set(load.intents);
  expect(stored.filter((name) => !intents.has(name))).toEqual([]);
}

describe('a database that is killed again and again under load', () => {
  it(`loses nothing that was acknowledged in ${CYCLES} cycles, and is used again within two seconds each time`, async () => {
    const bench = await FaultBench.open({ url: postgres.url, direct: true });
    const load = new WriteLoad(bench, 'cycle').start(6);
    const recoveries: number[] = [];
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const before = load.acknowledged.length;
      await until(() => load.acknowledged.length > before + 20, 10_000);
      const { postmaster } = postgres;
      process.kill(postmaster, SIGNALS[cycle % SIGNALS.length]);
      await postgres.restarted(postmaster);
      recoveries.push(await bench.recovers());
    }
    await load.stop();
    await expectLedger(load);
    expect(Math.max(...recoveries)).toBeLessThan(RECOVERY_MS);
    await bench.close(postgres);
  }, 600_000);
});

describe('a machine whose processors are taken', () => {
  it('row 99: has no server taken for dead', async () => {
    const burners: ChildProcess[] = [];
    const bench = await FaultBench.open({ url: postgres.url, direct: true });
    try {
      for (let count = 0; count < 4; count++)
        burners.push(spawn(process.execPath, ['--eval', 'for (;;) void 0'], { stdio: 'ignore' }));
      const load = new WriteLoad(bench, 'starved').start(4);
      await until(() => load.acknowledged.length >= 500, 60_000);
      await load.stop();
      expect(load.failures.map(({ error }) => error.code)).toEqual([]);
      await expectLedger(load);
    } finally {
      const ended = burners.map((burner) => once(burner, 'exit'));
      for (const burner of burners) burner.kill('SIGKILL');
      await Promise.all(ended);
    }
    await bench.close(postgres);
  }, 120_000);
});

/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import { POOL_CHANNELS } from '../../libs/database/src/postgres/pool.events.js';
import { FAST, FaultBench, NOISE_MS, RECOVERY_MS } from '../support/faults/fault-bench.js';
import { PrivatePostgres } from '../support/faults/private-postgres.js';
import { WriteLoad } from '../support/faults/write-load.js';
import { until } from '../support/until.js';

const AWAY_MS = 60_000;
/** What a call may take: the wait for a connection, and then the deadline of its statement. */
const BOUND_MS = FAST.pool.acquireTimeoutMs + FAST.timeouts.statementMs + FAST.timeouts.graceMs + NOISE_MS;

describe('a server that is stopped as a whole for a minute', () => {
  // The naive setup waits for all of that minute; see row 14 of the short forms.
  it('row 14: costs each call its deadline, and is used again within two seconds, without a herd of connections', async () => {
    const postgres = await PrivatePostgres.start({ max_connections: '20' });
    const bench = await FaultBench.open({ url: postgres.url, direct: true });
    let opened = 0;
    const count = () => void (opened += 1);
    subscribe(POOL_CHANNELS.connect, count);
    const stopped = postgres.processes;
    try {
      const load = new WriteLoad(bench, 'stopped').start(8);
      expect(await until(() => load.acknowledged.length > 100, 20_000)).toBe(true);
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      await delay(AWAY_MS);
      const before = load.acknowledged.length;
      opened = 0;
      for (const pid of stopped) process.kill(pid, 'SIGCONT');
      const resumed = performance.now();
      expect(await until(() => load.acknowledged.length > before, RECOVERY_MS)).toBe(true);
      await delay(Math.max(0, 1_000 - (performance.now() - resumed)));
      expect(opened).toBeLessThanOrEqual(FAST.pool.max);
      await bench.recovers();
      await load.stop();
      expect(load.failures.length).toBeGreaterThan(0);
      for (const { tookMs } of load.failures) expect(tookMs).toBeLessThan(BOUND_MS);
      const stored = new Set(await postgres.stored());
      expect(load.acknowledged.filter((name) => !stored.has(name))).toEqual([]);
      expect((await postgres.sessions()).length).toBeLessThanOrEqual(FAST.pool.max + 2);
    } finally {
      unsubscribe(POOL_CHANNELS.connect, count);
      for (const pid of stopped) {
        try {
          process.kill(pid, 'SIGCONT');
        } catch {
          // A session whose client has gone has ended since.
        }
      }
    }
    await bench.close(postgres);
    await postgres.stop();
  }, 180_000);
});

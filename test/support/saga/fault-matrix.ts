import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { FaultProxy } from '../fault-proxy/index.js';
import { PrivatePostgres } from '../faults/private-postgres.js';
import { until } from '../until.js';
import { isLeft, JOURNEYS, strikesOf, wrongOf, type Strike } from './crash-matrix.js';
import { SagaProcesses } from './saga-processes.js';

/** How many sagas stand still at a time; each needs a connection. */
const AT_A_TIME = 50;
const COMMITS = /-(hotel|meal|pay|archive)-recording$/;
const AWAY_MS = 30_000;

const MODULE = {
  pool: { max: 60, min: 0, acquireTimeoutMs: 2_000, connectTimeoutMs: 1_900 },
  timeouts: { statementMs: 5_000, lockMs: 4_000, idleInTransactionMs: 60_000, graceMs: 500 },
};

/**
 * Faults that a process survives, with sagas at their points when they strike.
 *
 * @param select - at which of all points
 */
export function faultMatrix(select: (strike: Strike, index: number) => boolean): void {
  jest.setTimeout(300_000);
  let postgres: PrivatePostgres;
  let proxy: FaultProxy;
  let processes: SagaProcesses;
  let owner: ChildProcess;

  beforeAll(async () => {
    // Room for those that stand still, and for an instance that takes over all of them.
    postgres = await PrivatePostgres.start({ max_connections: '200' });
    proxy = await FaultProxy.start({ upstream: postgres.url });
    processes = await SagaProcesses.openPrivate(postgres);
    owner = await processes.open('owner', {
      url: proxy.url,
      engine: { execute: false, leaseMs: 1_000, pollMs: 50 },
      module: MODULE,
    });
  });
  afterEach(() => proxy.heal());
  afterAll(async () => {
    // One that was stopped, where a test has failed then, would not hear that it is to close.
    owner.kill('SIGCONT');
    await processes.closeAll();
    await processes.destroy();
    await proxy.close();
    await postgres.stop();
  });

  /** Has sagas stand still at their points, some at a time, and strikes them. */
  async function strikeEach(
    strikes: readonly Strike[],
    strike: (batch: readonly Strike[]) => Promise<void>,
  ): Promise<void> {
    for (let index = 0; index < strikes.length; index += AT_A_TIME) {
      const batch = strikes.slice(index, index + AT_A_TIME);
      processes.run(owner, batch);
      await processes.stand(batch);
      await strike(batch);
      for (const { key } of batch) await processes.end(key);
    }
    expect(await wrongOf(processes, strikes, 'lives')).toEqual([]);
  }

  const chosen = async (prefix: string) => {
    const all = await strikesOf(processes, owner, JOURNEYS, prefix);
    return all.filter(({ at }) => at !== 'created').filter(select);
  };

  describe('sagas whose sessions are ended by the server', () => {
    it('R22: go on in the same process, with each effect once', async () => {
      await strikeEach(await chosen('ended'), async () => {
        await postgres.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop'`);
        processes.goOn(owner);
      });
    });
  });

  describe.each([
    ['whose COMMIT never arrives', 'cut'],
    ['of whose COMMIT nobody hears', 'cutOnReply'],
  ] as const)('sagas %s', (_which, how) => {
    it('R22: go on in the same process, with each effect once', async () => {
      const strikes = await strikesOf(processes, owner, JOURNEYS.slice(0, 2), how);
      await strikeEach(
        strikes.filter(({ at }) => COMMITS.test(at)),
        async (batch) => {
          for (const { key } of batch) {
            const commit = proxy.onRequest({ statement: /^COMMIT/ }, { do: how });
            processes.goOn(owner, [key]);
            await commit.happened();
          }
        },
      );
    });
  });

  describe('sagas whose database is away for longer than their leases', () => {
    it('R23: have nothing taken back for that, and go on when it is there again', async () => {
      await strikeEach(await chosen('away'), async (batch) => {
        proxy.refuse();
        proxy.cut('rst');
        processes.goOn(owner);
        const held = async () => {
          const [row] = await postgres.query<{ count: number }>(
            'SELECT count(*)::int FROM nestjs_database.saga_lease WHERE due_at > clock_timestamp()',
          );
          return row?.count !== 0;
        };
        expect(await until(async () => !(await held()), AWAY_MS)).toBe(true);
        for (const { key, at, model } of batch) {
          const isOnItsWayBack = model.state === 'compensated' && /^(undo|compens|do-pay|do-cake)/.test(at);
          if (!isOnItsWayBack) expect([key, ...processes.points(key)]).not.toContain('compensating-moving');
        }
        await proxy.accept();
      });
    });
  });

  describe('sagas whose server is restarted, without a word to anybody', () => {
    it('R22, R23: go on in the same process, with each effect once', async () => {
      await strikeEach(await chosen('restarted'), async () => {
        const { postmaster } = postgres;
        process.kill(postmaster, 'SIGQUIT');
        await postgres.restarted(postmaster);
        processes.goOn(owner);
      });
    });
  });

  describe('a process that is stopped for longer than its leases', () => {
    it('R20, R21, C12: can commit nothing of what another one has ended meanwhile, and stops at the first contact', async () => {
      const strikes = await chosen('stopped');
      await processes.open('other', { engine: { leaseMs: 1_000, pollMs: 50 }, module: MODULE });
      await strikeEach(strikes, async (batch) => {
        owner.kill('SIGSTOP');
        await processes.settled();
        const before = new Map(batch.map(({ key }) => [key, processes.points(key, 'owner').length]));
        owner.kill('SIGCONT');
        processes.goOn(owner);
        for (const { key } of batch) await processes.end(key);
        for (const { key } of batch.filter(isLeft)) {
          const later = processes.points(key, 'owner').slice(before.get(key));
          expect([
            key,
            ...later.filter((point) => /started$|recorded$|moved$|taken-over$/.test(point)),
          ]).toEqual([key]);
        }
      });
    });
  });
}

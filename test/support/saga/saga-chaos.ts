import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultProxy } from '../fault-proxy/index.js';
import { seededRandom } from '../fault-proxy/seeded-random.js';
import { PrivatePostgres } from '../faults/private-postgres.js';
import { until } from '../until.js';
import { SagaProcesses, type SagaCase } from './saga-processes.js';
import { findWrong, type TransferFindings } from './transfer-findings.js';

/** How many sagas are begun between two faults, and how many may be under way. */
const PER_CYCLE = 12;
const BACKLOG = 36;
const ACCOUNTS = 40;
const PROGRESS_MS = 180_000;
const COMMIT = { statement: /^COMMIT/ };

/** What happens to the workers and the server; the server is restarted beside that. */
const FAULTS = [
  'worker killed',
  'COMMIT lost',
  'reply to COMMIT lost',
  'connections cut',
  'session ended',
] as const;
export const KINDS = [...FAULTS, 'server restarted'] as const;
type Kind = (typeof KINDS)[number];

const WORKER = {
  engine: { leaseMs: 1_500, pollMs: 100 },
  brief: true,
  module: {
    pool: { max: 10, min: 0, acquireTimeoutMs: 10_000, connectTimeoutMs: 9_000 },
    timeouts: { statementMs: 5_000, lockMs: 4_000, idleInTransactionMs: 10_000, graceMs: 500 },
    startup: { attempts: 100, initialDelayMs: 100, maxDelayMs: 500 },
  },
} as const;

/** A transfer between two accounts, which is refused or not. */
export interface Transfer extends SagaCase {
  readonly input: {
    readonly from: number;
    readonly to: number;
    readonly cents: number;
    readonly refused: boolean;
  };
}

interface Worker {
  readonly name: string;
  readonly child: ChildProcess;
  readonly given: Transfer[];
}

/** Sagas in several processes, while those, their connections and the server are struck again and again. */
export class SagaChaos {
  /** How often each has struck. */
  readonly struck: Record<Kind, number> = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<
    Kind,
    number
  >;
  private readonly random: () => number;
  private readonly workers: Worker[] = [];
  private readonly transfers: Transfer[] = [];
  private deck: Kind[] = [];
  private started = 0;
  private restartAt = 0;

  private constructor(
    private readonly postgres: PrivatePostgres,
    private readonly proxy: FaultProxy,
    private readonly processes: SagaProcesses,
    readonly seed: number,
  ) {
    this.random = seededRandom(seed);
  }

  static async start(seed: number, workers: number): Promise<SagaChaos> {
    const postgres = await PrivatePostgres.start({ deadlock_timeout: '50ms' });
    const processes = await SagaProcesses.openPrivate(postgres);
    await postgres.query(`
      CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL);
      INSERT INTO account SELECT id, 0 FROM generate_series(1, ${ACCOUNTS}) AS id;
      GRANT ALL ON account TO shop;`);
    const proxy = await FaultProxy.start({ upstream: postgres.url, seed });
    const chaos = new SagaChaos(postgres, proxy, processes, seed);
    for (let count = 0; count < workers; count += 1) chaos.launch();
    for (const { name } of chaos.workers) await processes.said('open', name);
    return chaos;
  }

  /** Begins so many sagas, with a fault after every few of them, and waits for their ends. */
  async run(count: number): Promise<void> {
    const last = this.transfers.length + count;
    this.planRestart();
    for (let cycle = 1; this.transfers.length < last; cycle += 1) {
      this.begin(Math.min(PER_CYCLE, last - this.transfers.length));
      await this.strike(this.draw());
      if (performance.now() > this.restartAt || cycle % 20 === 0) await this.strike('server restarted');
      await this.progress(this.transfers.length - BACKLOG);
    }
    await this.progress(last);
  }

  /** Compares what has to be with what is there. */
  async findings(): Promise<TransferFindings> {
    await this.processes.settled(PROGRESS_MS);
    return await findWrong(this.processes, this.transfers, this.postgres);
  }

  /** How it went, for people. */
  report(): string {
    const { seed, struck, started } = this;
    const told = this.processes.linesOf('told').length;
    const keys = new Set(this.processes.linesOf('told').map(([, key]) => key)).size;
    const asked = this.processes.linesOf('asks-again').length;
    return JSON.stringify({
      seed,
      sagas: this.transfers.length,
      processes: started,
      struck,
      told,
      keys,
      asked,
    });
  }

  async stop(): Promise<void> {
    await this.processes.destroy();
    await this.proxy.close();
    await this.postgres.stop();
  }

  private launch(given: readonly Transfer[] = []): void {
    const name = `worker-${(this.started += 1)}`;
    const worker = {
      name,
      child: this.processes.start(name, { ...WORKER, url: this.proxy.url }),
      given: [...given],
    };
    this.workers.push(worker);
    // It reads them when it is open.
    if (given.length > 0) this.processes.insist(worker.child, given);
  }

  private begin(count: number): void {
    const fresh = Array.from({ length: count }, (_, index): Transfer => {
      const from = 1 + Math.floor(this.random() * ACCOUNTS);
      const to = 1 + ((from + Math.floor(this.random() * (ACCOUNTS - 1))) % ACCOUNTS);
      const cents = 1 + Math.floor(this.random() * 1_000);
      const input = { from, to, cents, refused: this.random() < 0.3 };
      return { saga: 'transfer', key: `t${this.transfers.length + index}`, input };
    });
    this.transfers.push(...fresh);
    for (const [index, { child, given }] of this.workers.entries()) {
      const share = fresh.filter((_, number) => number % this.workers.length === index);
      given.push(...share);
      this.processes.insist(child, share);
    }
  }

  /** Each kind comes as often as the others, in an order that the seed decides. */
  private draw(): Kind {
    if (this.deck.length === 0) this.deck = [...FAULTS];
    const [kind] = this.deck.splice(Math.floor(this.random() * this.deck.length), 1);
    return kind!;
  }

  private async strike(kind: Kind): Promise<void> {
    await delay(this.random() * 100);
    const struck = await this.strikeOnce(kind);
    if (struck) this.struck[kind] += 1;
  }

  private async strikeOnce(kind: Kind): Promise<boolean> {
    switch (kind) {
      case 'worker killed':
        return await this.killWorker();
      case 'COMMIT lost':
        return await this.loseCommit('cut');
      case 'reply to COMMIT lost':
        return await this.loseCommit('cutOnReply');
      case 'connections cut':
        this.proxy.cut('rst');
        return true;
      case 'session ended':
        return await this.endSession();
      case 'server restarted':
        return await this.restart();
    }
  }

  /** At a point that one of its sagas comes to; it is replaced, and what it has not heard the end of is asked for again. */
  private async killWorker(): Promise<boolean> {
    const index = Math.floor(this.random() * this.workers.length);
    const { name, child, given } = this.workers[index]!;
    this.processes.dieAfter(child, 1 + Math.floor(this.random() * 60));
    // It may have nothing to do any more.
    await until(() => child.signalCode !== null, 3_000);
    child.kill('SIGKILL');
    await this.processes.killed(child, name);
    this.workers.splice(index, 1);
    const ended = this.ended();
    this.launch(given.filter(({ key }) => !ended.has(key)));
    return true;
  }

  private async loseCommit(how: 'cut' | 'cutOnReply'): Promise<boolean> {
    const fault = this.proxy.onRequest(COMMIT, { do: how });
    const struck = await until(() => fault.fired > 0, 3_000);
    fault.remove();
    return struck;
  }

  private async endSession(): Promise<boolean> {
    const [row] = await this.postgres.query<{ ended: boolean }>(
      `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
        WHERE usename = 'shop' ORDER BY state <> 'active', random() LIMIT 1`,
    );
    return row?.ended === true;
  }

  /** As after a crash: nothing is said to anybody. */
  private async restart(): Promise<boolean> {
    const { postmaster } = this.postgres;
    process.kill(postmaster, 'SIGKILL');
    await this.postgres.restarted(postmaster);
    this.planRestart();
    return true;
  }

  private planRestart(): void {
    this.restartAt = performance.now() + 5_000 + this.random() * 5_000;
  }

  private ended(): Set<string> {
    return new Set(this.processes.linesOf('ended').map(([, key]) => key!));
  }

  /** Waits until the ends of so many are known. */
  private async progress(count: number): Promise<void> {
    const done = () => this.ended().size >= count;
    await this.processes.holds(`No progress: ${this.report()}`, done, PROGRESS_MS);
  }
}

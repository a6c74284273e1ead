import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FaultProxy } from '../fault-proxy/index.js';
import { seededRandom } from '../fault-proxy/seeded-random.js';
import { PrivatePostgres } from '../faults/private-postgres.js';
import { until } from '../until.js';
import { LedgerJournal } from './ledger-journal.js';

const PROGRAM = fileURLToPath(new URL('./writer-program.mjs', import.meta.url));
const WRITERS = 4;
const PRODUCTS = 5;
const STOCK = 100_000_000;
const COMMIT = { statement: /^COMMIT/ };
const PROGRESS_MS = 30_000;

const TABLES = `
  CREATE TABLE ledger_order (key uuid PRIMARY KEY, total int NOT NULL);
  CREATE TABLE ledger_line (
    order_key uuid REFERENCES ledger_order, line_no int, product int, quantity int NOT NULL, amount int NOT NULL,
    PRIMARY KEY (order_key, line_no));
  CREATE TABLE ledger_stock (product int PRIMARY KEY, quantity int NOT NULL);
  INSERT INTO ledger_stock SELECT product, ${STOCK} FROM generate_series(1, ${PRODUCTS}) AS product;
  GRANT ALL ON ledger_order, ledger_line, ledger_stock TO shop;`;

/** Orders whose lines are not all there, and products whose stock is not what the lines have left of it. */
const HALF_DONE = `
  SELECT 'order ' || key AS wrong FROM ledger_order
    LEFT JOIN (SELECT order_key, sum(amount) AS amount FROM ledger_line GROUP BY order_key) AS lines ON order_key = key
    WHERE total IS DISTINCT FROM amount
  UNION ALL
  SELECT 'stock of ' || product FROM ledger_stock
    LEFT JOIN (SELECT product, sum(quantity) AS sold FROM ledger_line GROUP BY product) AS lines USING (product)
    WHERE quantity + coalesce(sold, 0) <> ${STOCK}`;

/** Who is killed, and when. */
const NEMESES = [
  'server',
  'session',
  'application',
  'both',
  'commit request and server',
  'commit reply and server',
] as const;
type Nemesis = (typeof NEMESES)[number];

/** Everything that happens to the application and the server; which one when is decided by the seed. */
export const FAULTS = [...NEMESES, 'COMMIT lost', 'reply to COMMIT lost'] as const;

/** What the ledger holds against the promises that were made; every list is to be empty. */
export interface LedgerFindings {
  readonly acknowledgedAndLost: readonly string[];
  readonly neverIntended: readonly string[];
  readonly twice: readonly string[];
  readonly halfDone: readonly string[];
  /** Said to have had no effect, and there all the same. */
  readonly deniedAndThere: readonly string[];
  readonly untyped: readonly string[];
}

export const NOTHING_FOUND: LedgerFindings = {
  acknowledgedAndLost: [],
  neverIntended: [],
  twice: [],
  halfDone: [],
  deniedAndThere: [],
  untyped: [],
};

/** An application that places orders on a server of its own, while one of the two is killed again and again. */
export class LedgerRun {
  /** How often each has struck. */
  readonly struck: Record<string, number> = {};
  private child: ChildProcess | undefined;
  private log = '';
  private readonly random: () => number;

  private constructor(
    private readonly postgres: PrivatePostgres,
    private readonly proxy: FaultProxy,
    private readonly directory: string,
    readonly seed: number,
  ) {
    this.random = seededRandom(seed);
  }

  static async start(seed: number): Promise<LedgerRun> {
    // A process is killed and not the machine, but here the server is to write as it does in earnest.
    const postgres = await PrivatePostgres.start({
      fsync: 'on',
      synchronous_commit: 'on',
      // The lines of two orders may well lock the same products crosswise.
      deadlock_timeout: '50ms',
    });
    await postgres.query(TABLES);
    const proxy = await FaultProxy.start({ upstream: postgres.url, seed });
    const directory = await mkdtemp(join(tmpdir(), 'ledger-'));
    const run = new LedgerRun(postgres, proxy, directory, seed);
    await writeFile(run.path, '');
    run.launch();
    return run;
  }

  get journal(): LedgerJournal {
    return LedgerJournal.read(this.path);
  }

  /**
   * Lets the application work, loses a COMMIT or its reply on the way, kills at a moment that the seed decides, and waits
   * until the application works again.
   */
  async cycle(): Promise<Nemesis> {
    const nemesis = NEMESES[Math.floor(this.random() * NEMESES.length)]!;
    await this.loseCommit(this.random() < 0.5 ? 'cut' : 'cutOnReply');
    await this.progress(1 + Math.floor(this.random() * 5));
    // Somewhere within a transaction.
    await delay(this.random() * 15);
    await this.strike(nemesis);
    this.count(nemesis);
    await this.progress(1);
    return nemesis;
  }

  /** Compares what was promised with what is there; the application may go on meanwhile. */
  async check(): Promise<LedgerFindings> {
    // In this order: what is acknowledged is there by then, and what is there was intended before.
    const before = this.journal;
    const rows = await this.postgres.query<{ key: string }>('SELECT key FROM ledger_order');
    const halfDone = await this.postgres.query<{ wrong: string }>(HALF_DONE);
    const after = this.journal;
    const there = rows.map(({ key }) => key);
    const set = new Set(there);
    const intended = new Set(after.of('intent'));
    return {
      acknowledgedAndLost: before
        .of('ack')
        .filter((key) => !set.has(key))
        .map((key) => after.about(key)),
      neverIntended: there.filter((key) => !intended.has(key)),
      twice: there.length === set.size ? [] : there.filter((key, index) => there.indexOf(key) !== index),
      halfDone: halfDone.map(({ wrong }) => wrong),
      deniedAndThere: before.of('not-applied').filter((key) => set.has(key)),
      untyped: [...after.of('untyped'), ...after.of('unhandled')],
    };
  }

  /** How it went, for people. */
  async report(): Promise<string> {
    const [row] = await this.postgres.query<{ count: number }>('SELECT count(*)::int FROM ledger_order');
    const { counts } = this.journal;
    return JSON.stringify(
      { seed: this.seed, orders: row?.count, struck: this.struck, journal: counts },
      null,
      1,
    );
  }

  /** Lets the application end by itself. */
  async finish(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.stdin?.end();
    const [code] = (await exited) as [number | null];
    this.child = undefined;
    if (code !== 0) throw new Error(`The application ended with ${code}.\n${this.log}`);
  }

  /** Leaves nothing of it, however far it came. */
  async stop(): Promise<void> {
    await this.killApplication();
    await this.proxy.close();
    await this.postgres.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private get path(): string {
    return join(this.directory, 'journal');
  }

  private async strike(nemesis: Nemesis): Promise<void> {
    switch (nemesis) {
      case 'server':
        return await this.killServer();
      case 'session':
        return await this.killSession();
      case 'application':
        await this.killApplication();
        return this.launch();
      case 'both':
        await Promise.all([this.killServer(), this.killApplication()]);
        return this.launch();
      default: {
        await this.loseCommit(nemesis === 'commit request and server' ? 'cut' : 'cutOnReply');
        await this.killServer();
      }
    }
  }

  private async loseCommit(how: 'cut' | 'cutOnReply'): Promise<void> {
    await this.proxy.onRequest(COMMIT, { do: how }).happened();
    this.count(how === 'cut' ? 'COMMIT lost' : 'reply to COMMIT lost');
  }

  private count(what: string): void {
    this.struck[what] = (this.struck[what] ?? 0) + 1;
  }

  private async killServer(): Promise<void> {
    const { postmaster } = this.postgres;
    process.kill(postmaster, 'SIGKILL');
    await this.postgres.restarted(postmaster);
  }

  /** The server ends all others and recovers as after a crash. */
  private async killSession(): Promise<void> {
    const [session] = await this.postgres.sessions();
    if (session === undefined) return;
    process.kill(session.pid, 'SIGKILL');
    await until(async () => !(await this.postgres.answers()), 2_000);
    await this.postgres.recovered();
  }

  private launch(): void {
    const settings = { url: this.proxy.url, journal: this.path, writers: WRITERS, products: PRODUCTS };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(settings)], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', NO_COLOR: '1' },
    });
    child.stdin.on('error', () => undefined);
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (this.log = (this.log + text).slice(-4_000)));
    this.child = child;
  }

  private async killApplication(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'close');
    child.kill('SIGKILL');
    await exited;
  }

  /** Waits for so many more acknowledged orders. */
  private async progress(orders: number): Promise<void> {
    const acknowledged = () => this.journal.of('ack').length;
    const before = acknowledged();
    const done = await until(
      () => acknowledged() >= before + orders || this.child?.exitCode != null,
      PROGRESS_MS,
    );
    if (!done || acknowledged() < before + orders)
      throw new Error(`No progress (seed ${this.seed}).\n${await this.report()}\n${this.log}`);
  }
}

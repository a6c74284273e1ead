import { inspect } from 'node:util';
import pg from 'pg';
import { PoolTimeoutError, ShuttingDownError, type PoolUsage } from '../errors/connection.errors.js';
import type { DatabaseError, ErrorTarget } from '../errors/database.error.js';
import { QueryCancelledError } from '../errors/query-cancelled.error.js';
import { TransactionTimeoutError } from '../errors/transaction-timeout.error.js';
import { cancellationSignal } from '../resilience/cancel-on-abort.js';
import type { TransactionSessionOptions } from '../transaction/transaction-session.port.js';
import { translateAcquireFailure } from './acquire-failure.js';
import { traceBorrower } from './borrow-trace.js';
import { createClientClass, type DatabaseClient } from './database-client.js';
import type { DatabasePoolOwner, DatabasePoolSettings } from './database-pool.settings.js';
import { endWithin } from './end-connections.js';
import { LoginGate } from './login-gate.js';
import type { ResolvedPoolOptions } from './pool.options.js';
import { toPgOptions } from './pg-pool-options.js';
import { PoolAnnouncer } from './pool-announcer.js';
import { PoolWatch, type Loan } from './pool-watch.js';
import { sessionParameters } from './session-parameters.js';
import { isSubmittable, settleCallback } from './submittable.js';
import { TransactionConnection, type TransactionConnectionSource } from './transaction-connection.js';
import { TransactionFlow } from './transaction-flow.js';
import { WaitingRoom } from './waiting-room.js';

const LIFETIME_JITTER = 0.1;

/** A wait that is shorter than the pool's own, and what it ends with. */
interface Patience {
  readonly transaction: TransactionConnection;
  readonly waitMs: number;
  readonly error: () => Error;
  /** Gets the way to end the wait before. */
  readonly waiting: (giveUp: (reason: Error) => void) => void;
}

/** Runs work on behalf of a transaction, wherever it is called. */
type InSession = <Result>(work: () => Promise<Result>) => Promise<Result>;

type ConnectCallback = (
  error: Error | undefined,
  client?: pg.PoolClient,
  release?: (error?: Error | boolean) => void,
) => void;

/**
 * The one pool of a connection: Prisma, and whatever else speaks SQL, borrows from it, first come, first served.
 *
 * What breaks a connection comes out typed, with what is known about the effect. A connection goes back into the pool only
 * when it is idle and outside of any transaction, and a refused statement does not cost it: stock pg throws the connection
 * of every failed `pool.query` away, and keeps one whose transaction is still open.
 */
export class DatabasePool extends pg.Pool {
  readonly endpoint: string;
  /** One object for each pool, by which its queries are told from those of others. */
  readonly target: ErrorTarget;
  /** For whatever else connects as the same user, so that a refused login is repeated as rarely by all together. */
  readonly logins: LoginGate;
  private readonly limits: ResolvedPoolOptions;
  /** Every client whose socket may be open, connecting ones included. */
  private readonly clients: Set<DatabaseClient>;
  private readonly flow = new TransactionFlow();
  private readonly waiters = new WaitingRoom(this);
  private readonly graceMs: number;
  private readonly watch: PoolWatch;
  private readonly announcer: PoolAnnouncer;
  private closing: Promise<number> | undefined;

  constructor(
    settings: DatabasePoolSettings,
    private readonly owner: DatabasePoolOwner = {},
  ) {
    const { name, url, pool, timeouts } = settings;
    const target: ErrorTarget = { kind: 'postgres', connection: name };
    const endpoint = `${url.host}:${url.port}`;
    const clients = new Set<DatabaseClient>();
    const logins = new LoginGate({ password: settings.password, endpoint, target });
    const Client = createClientClass(
      {
        target,
        endpoint,
        connectTimeoutMs: pool.connectTimeoutMs,
        sessionParameters: sessionParameters(settings),
        logins,
        keepsSession: settings.pgbouncer !== true,
      },
      (client) => {
        clients.add(client);
        client.once('end', () => clients.delete(client));
      },
    );
    super(toPgOptions(settings, Client));
    this.endpoint = endpoint;
    this.target = target;
    this.logins = logins;
    this.limits = pool;
    this.graceMs = timeouts.graceMs;
    this.clients = clients;
    // Read by pg-pool for each new connection: connections that were opened together do not all end together.
    Object.defineProperty(this.options, 'maxLifetimeSeconds', {
      get: () => (pool.maxLifetimeMs / 1_000) * (1 - Math.random() * LIFETIME_JITTER),
    });
    this.announcer = new PoolAnnouncer(name);
    this.watch = new PoolWatch(
      {
        silentMs: timeouts.statementMs === 0 ? 0 : timeouts.statementMs + timeouts.graceMs,
        leakMs: pool.leakThresholdMs,
        everyMs: Math.min(250, Math.max(20, timeouts.graceMs / 4)),
      },
      (client, loan, heldMs) => {
        this.owner.warn?.(this.announcer.leaked(client, loan, heldMs));
      },
    );
    // An 'error' event without a listener ends the process; the pool drops the broken client by itself.
    this.on('error', () => undefined);
    this.on('connect', () => {
      this.announcer.connected();
    });
    this.on('remove', (client) => {
      const otherwise = this.closing === undefined ? 'idle' : 'closing';
      this.announcer.removed(asOwn(client), otherwise);
    });
    // Emitted before the pool decides whether it keeps the client, so ending it here removes it.
    this.on('release', (error, client) => {
      this.takeBack(asOwn(client), error);
    });
  }

  /** The pool's connections right now. */
  usage(): PoolUsage {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this;
    const { lent: active } = this.watch;
    const oldestHoldMs = this.watch.longestHoldMs();
    return {
      total,
      active,
      connecting: total - idle - active,
      idle,
      waiting,
      max: this.options.max,
      ...(oldestHoldMs !== undefined && { oldestHoldMs: Math.round(oldestHoldMs) }),
    };
  }

  /** When the server last answered a statement, by `performance.now()`; undefined where no open connection knows of one. */
  get lastAnswerAt(): number | undefined {
    const times = [...this.clients].map((client) => client.lastAnswerAt);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /**
   * Lends a connection; give it back with `release()`. One whose server has said goodbye is replaced before anything is
   * sent on it; a statement is never moved from one connection to another.
   *
   * @throws {PoolTimeoutError} when none became free in time, with the pool's figures
   * @throws {UnavailableError} when the server cannot be reached
   * @throws {AuthenticationError} when it refuses the credentials
   * @throws {ShuttingDownError} after {@link DatabasePool.close}
   */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const session = this.flow.sessionForPrisma() as pg.PoolClient | undefined;
    const trace = session === undefined && this.limits.leakThresholdMs > 0 ? traceBorrower() : undefined;
    const borrowed = session === undefined ? this.borrow(trace) : Promise.resolve(session);
    if (callback === undefined) return borrowed;
    borrowed.then(
      (client) => {
        callback(undefined, client, client.release.bind(client));
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- pg has many overloads; see its manual for the forms
  override query(text: unknown, values?: unknown, callback?: unknown): any {
    if (typeof text === 'function' || isSubmittable(text))
      return super.query(...([text, values, callback] as [never, never, never]));
    const done: unknown = typeof values === 'function' ? values : callback;
    const result = this.execute(text as string, Array.isArray(values) ? values : undefined);
    if (typeof done !== 'function') return result;
    settleCallback(result, done);
  }

  /**
   * A transaction, which borrows a connection for its first statement. The first connection that is borrowed `inSession` is
   * that of the transaction: Prisma does not show the one that its own transaction runs on.
   */
  runTransaction<Result>(
    options: TransactionSessionOptions,
    work: (transaction: TransactionConnection, inSession: InSession) => Promise<Result>,
  ): Promise<Result> {
    const source: TransactionConnectionSource = {
      graceMs: this.graceMs,
      lend: (waiting) => this.lendForTransaction(transaction, waiting),
      begun: () => {
        this.waiters.begun(transaction);
      },
    };
    const transaction = new TransactionConnection(source, options, this.flow.open());
    const inSession: InSession = (inner) => this.flow.runForPrisma(transaction, inner);
    return this.flow.run(transaction, () => work(transaction, inSession));
  }

  /**
   * Proves with a real query that the database answers; opening a connection alone proves nothing.
   *
   * @throws {DatabaseError} that says what is wrong: unreachable, refused credentials, no such database
   */
  async probe(): Promise<void> {
    try {
      await this.query('SELECT 1');
    } catch (error) {
      throw this.translate(error);
    }
  }

  /** Opens connections up to `pool.min` and sends a query on each; resolves with how many of them answered. */
  async warmUp(): Promise<number> {
    const lent = await Promise.allSettled(
      Array.from({ length: this.limits.min }, () => this.borrow(undefined)),
    );
    const answers = lent.map(async (loan) => {
      if (loan.status === 'rejected') throw loan.reason;
      try {
        await loan.value.query('SELECT 1');
      } finally {
        loan.value.release();
      }
    });
    return (await Promise.allSettled(answers)).filter(({ status }) => status === 'fulfilled').length;
  }

  /**
   * Closes every connection: callers that wait are refused and idle connections end at once, busy ones end when they
   * come back, and after `timeoutMs` the rest are cut. Never rejects; further calls share the first one's result.
   *
   * @returns how many connections were cut
   */
  close(timeoutMs: number): Promise<number> {
    this.closing ??= this.closeWithin(timeoutMs);
    return this.closing;
  }

  /** Keeps user names and settings out of logs. */
  [inspect.custom](): string {
    const { total, idle, waiting, max } = this.usage();
    return `DatabasePool { endpoint: '${this.endpoint}', total: ${total}, idle: ${idle}, waiting: ${waiting}, max: ${max} }`;
  }

  toJSON(): object {
    return { endpoint: this.endpoint, ...this.usage() };
  }

  private async execute(text: string, values: unknown[] | undefined): Promise<pg.QueryResult> {
    // Not traced: a statement cannot forget to give its connection back.
    const client = await this.borrow(undefined);
    try {
      return await client.query(text, values);
    } finally {
      client.release();
    }
  }

  private lendForTransaction(
    transaction: TransactionConnection,
    waiting: Patience['waiting'],
  ): Promise<DatabaseClient> {
    const { trace, maxWaitMs } = transaction.options;
    const { target } = this;
    const error = () => new TransactionTimeoutError('begin', maxWaitMs, { target });
    return this.borrow(trace, {
      transaction,
      waitMs: maxWaitMs,
      error,
      waiting,
    }) as Promise<unknown> as Promise<DatabaseClient>;
  }

  private borrow(trace: Loan['trace'], patience?: Patience): Promise<pg.PoolClient> {
    if (this.closing !== undefined) return Promise.reject(new ShuttingDownError({ target: this.target }));
    const refusal = this.owner.refusal?.();
    if (refusal !== undefined) return Promise.reject(refusal);
    const signal = cancellationSignal();
    if (signal?.aborted === true) return Promise.reject(this.cancelled(signal));
    const asked = performance.now();
    return new Promise((resolve, reject) => {
      const waiter = this.waiters.enter(reject, patience?.transaction ?? this.flow.current());
      const refuse = (reason: Error) => {
        if (this.waiters.leave(waiter)) reject(reason);
      };
      patience?.waiting(refuse);
      const timer =
        patience &&
        setTimeout(() => {
          refuse(patience.error());
        }, patience.waitMs);
      const giveUp = () => {
        if (signal !== undefined && this.waiters.leave(waiter)) reject(this.cancelled(signal));
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      const lend = (error: Error | undefined, client: pg.PoolClient | undefined): void => {
        const waitedMs = performance.now() - asked;
        const wanted = this.waiters.isWaiting(waiter);
        // Nothing has been sent on it, so another one does as well; past the deadline its statement says what happened.
        if (
          wanted &&
          waitedMs < this.limits.acquireTimeoutMs &&
          client !== undefined &&
          !asOwn(client).open
        ) {
          client.release();
          super.connect(lend);
          return;
        }
        signal?.removeEventListener('abort', giveUp);
        clearTimeout(timer);
        this.waiters.leave(waiter);
        if (client === undefined) {
          const failure = this.translate(error, waitedMs);
          if (!(failure instanceof PoolTimeoutError)) this.owner.connectFailed?.(failure);
          if (wanted) reject(failure);
          return;
        }
        this.watch.lend(asOwn(client), trace);
        if (!wanted) {
          client.release();
          return;
        }
        this.announcer.acquired(waitedMs);
        resolve(client);
      };
      const queuedBefore = this.waitingCount;
      super.connect(lend);
      if (this.waitingCount > queuedBefore) this.waiters.letPass(waiter);
    });
  }

  private cancelled({ reason }: AbortSignal): QueryCancelledError {
    return new QueryCancelledError({ target: this.target, cause: reason });
  }

  private takeBack(client: DatabaseClient, error: Error | boolean | undefined): void {
    const holdMs = this.watch.takeBack(client);
    const destroyed = !client.reusable || Boolean(error);
    if (destroyed) {
      this.announcer.leaves(client, client.broken ? 'lost' : client.reusable ? 'discarded' : 'unclean');
      // Broken, still busy, or inside a transaction: the next borrower's work would run in somebody else's transaction.
      client.discard();
    } else if (this.expired.has(client)) {
      this.announcer.leaves(client, 'lifetime');
    }
    if (holdMs !== undefined) this.announcer.released(holdMs, destroyed);
  }

  /** pg-pool's own list of those that have lived for long enough; they leave when they come back. */
  private get expired(): WeakSet<object> {
    return (this as unknown as { readonly _expired: WeakSet<object> })._expired;
  }

  private translate(error: unknown, waitedMs = 0): DatabaseError {
    const { endpoint, target } = this;
    return translateAcquireFailure(error, { endpoint, target, waitedMs, usage: () => this.usage() });
  }

  private async closeWithin(timeoutMs: number): Promise<number> {
    this.waiters.refuseAll(() => new ShuttingDownError({ target: this.target }));
    const cut = await endWithin(this.clients, () => this.end(), timeoutMs);
    this.watch.stop();
    return cut;
  }
}

/** The pool's options make pg construct the library's clients; its types know pg's own. */
function asOwn(client: pg.PoolClient): DatabaseClient {
  return client as unknown as DatabaseClient;
}

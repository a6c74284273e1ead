import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import pg from 'pg';
import { withDeadline } from '../common/deadline.js';
import type { PostgresTarget } from '../config/connection-url.js';
import type { PasswordProvider } from '../config/password.js';
import {
  PoolTimeoutError,
  ShuttingDownError,
  UnavailableError,
  type PoolUsage,
} from '../errors/connection.errors.js';
import { DatabaseError, type ErrorTarget } from '../errors/database.error.js';
import { QueryCancelledError } from '../errors/query-cancelled.error.js';
import { cancellationSignal } from '../resilience/cancel-on-abort.js';
import { translateConnectionFailure } from '../fault/connection-failure.js';
import { describeLeak, framesOf, traceBorrower } from './borrow-trace.js';
import { BorrowedConnection } from './borrowed-connection.js';
import { createClientClass, type DatabaseClient } from './database-client.js';
import { LoginGate } from './login-gate.js';
import {
  acquireChannel,
  connectChannel,
  leakChannel,
  releaseChannel,
  removeChannel,
  type PoolRemoveReason,
} from './pool.events.js';
import type { ResolvedPoolOptions } from './pool.options.js';
import { PoolWatch, type Loan } from './pool-watch.js';
import { sessionParameters } from './session-parameters.js';
import { isSubmittable, settleCallback } from './submittable.js';
import type { ResolvedTimeoutOptions } from './timeout.options.js';
import type { ResolvedTlsOptions } from './tls.options.js';

const LIFETIME_JITTER = 0.1;
// pg and pg-pool say these without a code (pg 8.23, pg-pool 3.14).
const NOT_FREE_IN_TIME = 'timeout exceeded when trying to connect';
const NOT_OPEN_IN_TIME = /^(?:timeout expired|Connection terminated due to connection timeout)$/;

/** Where and as whom the pool connects, and how. */
export interface DatabasePoolSettings {
  /** Name of the connection as registered. */
  readonly name: string;
  readonly url: PostgresTarget;
  readonly password: PasswordProvider | undefined;
  readonly tls: ResolvedTlsOptions | false;
  readonly applicationName: string;
  readonly pgbouncer?: boolean;
  readonly pool: ResolvedPoolOptions;
  readonly timeouts: ResolvedTimeoutOptions;
}

/** What the pool tells its owner, and asks it. */
export interface DatabasePoolOwner {
  /** Hears what is worth a warning, a sentence each. */
  warn?(line: string): void;
  /** Hears of every connection that could not be opened. */
  connectFailed?(error: DatabaseError): void;
  /** Why nobody may borrow a connection yet; undefined lends. */
  refusal?(): DatabaseError | undefined;
}

interface Waiter {
  readonly reject: (error: Error) => void;
}

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
  private readonly waiters = new Set<Waiter>();
  /** What the caller's {@link DatabasePool.observeBorrowing} waits for. */
  private readonly observed = new AsyncLocalStorage<BorrowedConnection>();
  private readonly borrowed = new WeakMap<object, BorrowedConnection>();
  private readonly watch: PoolWatch;
  /** Why connections are about to leave, where it is known before they do. */
  private readonly removals = new WeakMap<DatabaseClient, PoolRemoveReason>();
  private closing: Promise<number> | undefined;

  constructor(
    settings: DatabasePoolSettings,
    private readonly owner: DatabasePoolOwner = {},
  ) {
    const { name, url, pool, timeouts, tls } = settings;
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
      },
      (client) => {
        clients.add(client);
        client.once('end', () => clients.delete(client));
      },
    );
    super({
      Client: Client as unknown as typeof pg.Client,
      host: url.host,
      port: url.port,
      database: url.database,
      user: url.user,
      // Always given: pg would look for PGSSLMODE otherwise, which nobody has configured here.
      ssl: tls,
      max: pool.max,
      min: pool.min,
      connectionTimeoutMillis: pool.acquireTimeoutMs,
      idleTimeoutMillis: pool.idleTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: pool.keepAliveMs,
    });
    this.endpoint = endpoint;
    this.target = target;
    this.logins = logins;
    this.limits = pool;
    this.clients = clients;
    // Read by pg-pool for each new connection: connections that were opened together do not all end together.
    Object.defineProperty(this.options, 'maxLifetimeSeconds', {
      get: () => (pool.maxLifetimeMs / 1_000) * (1 - Math.random() * LIFETIME_JITTER),
    });
    this.watch = new PoolWatch(
      {
        silentMs: timeouts.statementMs === 0 ? 0 : timeouts.statementMs + timeouts.graceMs,
        leakMs: pool.leakThresholdMs,
        everyMs: Math.min(250, Math.max(20, timeouts.graceMs / 4)),
      },
      (client, loan, heldMs) => {
        this.reportLeak(client, loan, heldMs);
      },
    );
    // An 'error' event without a listener ends the process; the pool drops the broken client by itself.
    this.on('error', () => undefined);
    this.on('connect', () => {
      if (connectChannel.hasSubscribers) connectChannel.publish({ connection: name });
    });
    this.on('remove', (client) => {
      if (!removeChannel.hasSubscribers) return;
      removeChannel.publish({
        connection: name,
        reason: this.whyRemoved(client as unknown as DatabaseClient),
      });
    });
    // Emitted before the pool decides whether it keeps the client, so ending it here removes it.
    this.on('release', (error, client) => {
      this.takeBack(client as unknown as DatabaseClient, error);
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

  /**
   * Lends a connection; give it back with `release()`.
   *
   * @throws {PoolTimeoutError} when none became free in time, with the pool's figures
   * @throws {UnavailableError} when the server cannot be reached
   * @throws {AuthenticationError} when it refuses the credentials
   * @throws {ShuttingDownError} after {@link DatabasePool.close}
   */
  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | undefined {
    const borrowed = this.borrow(this.limits.leakThresholdMs > 0 ? traceBorrower() : undefined).then(
      (client) => this.noteBorrowing(client),
    );
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
   * Runs `work` and tells it which connection was borrowed first on its behalf: Prisma does not show the one that its
   * transaction runs on.
   */
  observeBorrowing<Result>(work: (connection: BorrowedConnection) => Promise<Result>): Promise<Result> {
    const connection = new BorrowedConnection();
    return this.observed.run(connection, () => work(connection));
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

  private noteBorrowing(client: pg.PoolClient): pg.PoolClient {
    const connection = this.observed.getStore();
    if (connection?.begin(client) === true) this.borrowed.set(client, connection);
    return client;
  }

  private borrow(trace: Loan['trace']): Promise<pg.PoolClient> {
    if (this.closing !== undefined) return Promise.reject(new ShuttingDownError({ target: this.target }));
    const refusal = this.owner.refusal?.();
    if (refusal !== undefined) return Promise.reject(refusal);
    const signal = cancellationSignal();
    if (signal?.aborted === true) return Promise.reject(this.cancelled(signal));
    const asked = performance.now();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { reject };
      this.waiters.add(waiter);
      const giveUp = () => {
        if (signal !== undefined && this.waiters.delete(waiter)) reject(this.cancelled(signal));
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      super.connect((error, client, release) => {
        signal?.removeEventListener('abort', giveUp);
        const refused = !this.waiters.delete(waiter);
        if (client === undefined) {
          const failure = this.translate(error, performance.now() - asked);
          if (!(failure instanceof PoolTimeoutError)) this.owner.connectFailed?.(failure);
          if (!refused) reject(failure);
          return;
        }
        this.watch.lend(client as unknown as DatabaseClient, trace);
        if (refused) {
          release();
          return;
        }
        if (acquireChannel.hasSubscribers)
          acquireChannel.publish({ connection: this.target.connection, waitMs: performance.now() - asked });
        resolve(client);
      });
    });
  }

  private cancelled({ reason }: AbortSignal): QueryCancelledError {
    return new QueryCancelledError({ target: this.target, cause: reason });
  }

  private takeBack(client: DatabaseClient, error: Error | boolean | undefined): void {
    const holdMs = this.watch.takeBack(client);
    this.borrowed.get(client)?.end();
    this.borrowed.delete(client);
    const destroyed = !client.reusable || Boolean(error);
    if (destroyed) {
      this.removals.set(client, client.broken ? 'lost' : client.reusable ? 'discarded' : 'unclean');
      // Broken, still busy, or inside a transaction: the next borrower's work would run in somebody else's transaction.
      void (client.waiting ? client.destroy() : client.end());
    } else if (this.expired.has(client)) {
      this.removals.set(client, 'lifetime');
    }
    if (holdMs !== undefined && releaseChannel.hasSubscribers)
      releaseChannel.publish({ connection: this.target.connection, holdMs, destroyed });
  }

  private whyRemoved(client: DatabaseClient): PoolRemoveReason {
    const known = this.removals.get(client);
    if (known !== undefined) return known;
    if (client.broken) return 'lost';
    return this.closing === undefined ? 'idle' : 'closing';
  }

  /** pg-pool's own list of those that have lived for long enough; they leave when they come back. */
  private get expired(): WeakSet<object> {
    return (this as unknown as { readonly _expired: WeakSet<object> })._expired;
  }

  private async closeWithin(timeoutMs: number): Promise<number> {
    for (const { reject } of this.waiters) reject(new ShuttingDownError({ target: this.target }));
    this.waiters.clear();
    let cut = 0;
    let stopped: Promise<void>[] = [];
    // pg's own `end` resolves before the sockets are closed (node-postgres #2328).
    const disconnected = [...this.clients].map(
      (client) =>
        new Promise<void>((resolve) => {
          client.once('end', resolve);
        }),
    );
    const ended = Promise.all([this.end(), ...disconnected]);
    await withDeadline(
      ended.then(() => undefined),
      timeoutMs,
      () => {
        cut = this.clients.size;
        stopped = [...this.clients].map((client) => client.destroy());
      },
    );
    if (cut > 0) await Promise.all([...disconnected, ...stopped]);
    this.watch.stop();
    return cut;
  }

  private translate(error: unknown, waitedMs = 0): DatabaseError {
    if (error instanceof DatabaseError) return error;
    const text = error instanceof Error ? error.message : '';
    const options = { cause: error, target: this.target };
    if (text === NOT_FREE_IN_TIME) return new PoolTimeoutError(Math.round(waitedMs), this.usage(), options);
    if (NOT_OPEN_IN_TIME.test(text)) return new UnavailableError(this.endpoint, 'no answer in time', options);
    return translateConnectionFailure(error, this.endpoint, this.target);
  }

  private reportLeak(client: DatabaseClient, loan: Loan, heldMs: number): void {
    const { connection } = this.target;
    const inTransaction = client.getTransactionStatus() !== 'I';
    const leak = { connection, heldMs: Math.round(heldMs), inTransaction, stack: framesOf(loan.trace) };
    this.owner.warn?.(describeLeak(leak));
    if (leakChannel.hasSubscribers) leakChannel.publish(leak);
  }
}

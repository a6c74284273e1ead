import type { Socket } from 'node:net';
import pg from 'pg';
import type { ErrorTarget } from '../errors/database.error.js';
import { cancellationSignal } from '../resilience/cancel-on-abort.js';
import { UnexpectedRollbackError } from '../transaction/transaction.errors.js';
import { requestCancel } from './cancel-request.js';
import { endsSession, explainLoss } from './lost-connection.js';
import type { Login, LoginGate } from './login-gate.js';
import { queryChannel } from './pool.events.js';
import { isUnknownName, NamedStatements } from './named-statements.js';
import { guardParser } from './protocol-guard.js';
import { mayBeCancelled, QueryCancellation, type Cancellable } from './query-cancellation.js';
import { isSubmittable, settleCallback } from './submittable.js';
import { TrackedQuery, type StatementPlace } from './tracked-query.js';

const END_TIMEOUT_MS = 1_000;
/** After these the session knows no statement by its name any more. */
const FORGETS = new Set(['DISCARD', 'DISCARD ALL', 'DEALLOCATE', 'DEALLOCATE ALL']);

/** These leave a session without any name; of their tags pg keeps the first word alone. */
const DROPS_ALL = /^\s*(?:discard|deallocate(?:\s+prepare)?)\s+all\s*;?\s*$/i;

/** What every connection of a pool needs to know beside pg's own configuration. */
export interface DatabaseClientSettings {
  readonly target: ErrorTarget;
  readonly endpoint: string;
  /** Bounds connect, TLS and authentication of one connection together. */
  readonly connectTimeoutMs: number;
  readonly sessionParameters: Readonly<Record<string, string>>;
  readonly logins: LoginGate;
  /** Whether all statements of a connection come to the same session of the server. */
  readonly keepsSession: boolean;
}

/** A query of which a session may keep the plan. */
export interface PreparedConfig extends pg.QueryConfig {
  readonly prepared?: boolean;
}

/** The parts of pg's client that @types/pg leaves out; pinned by `database-client.int-spec.ts`. */
interface ClientInternals {
  readonly connection: pg.Connection & { readonly stream: Socket; parsedStatements: Record<string, string> };
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly readyForQuery: boolean;
  readonly _queryable: boolean;
  readonly _ending: boolean;
  readonly _ended: boolean;
}

/**
 * One connection, which says exactly what is known about a statement when it breaks, and never leaves anybody waiting.
 *
 * Server replies to a statement stay the driver's errors, and are passed on only when the session is ready again, so that
 * its transaction status can be trusted from then on.
 */
export abstract class DatabaseClient extends pg.Client {
  protected abstract readonly settings: DatabaseClientSettings;
  /** What the library sends again and again. */
  readonly named = new NamedStatements(() => this.settings.keepsSession);
  /** Statements that have not settled. */
  private unsettled = 0;
  private lossCause: unknown;
  /** The server may yet apply a request to cancel, to whatever the session runs by then. */
  private cancelComesLate = false;
  private silentMs: number | undefined;
  private endedByServer = false;
  /** When the last statement was handed over, by `performance.now()`. */
  lastCallAt = 0;
  /** When the server last answered one, with a result or a refusal, by `performance.now()`. */
  lastAnswerAt = -Infinity;

  constructor(
    config: pg.ClientConfig,
    private readonly login: Login,
  ) {
    super(config);
    this.once('end', () => {
      // Also where the connection was given up on while it was opened, of which pg tells nobody else.
      this.login.end(this.lossCause ?? new Error('The connection has ended.'));
      this.settings.logins.sessionEnded();
    });
    // An 'error' event without a listener ends the process; it also tells why the connection is gone.
    this.on('error', (error) => (this.lossCause ??= error));
    guardParser(this.internals.connection);
  }

  /** Whether a statement, or a cursor that handles its own protocol, waits for its answer. */
  get waiting(): boolean {
    return this.unsettled > 0 || !this.internals.readyForQuery;
  }

  /** Whether a statement runs, or the session is not ready for the next one. */
  get busy(): boolean {
    return this.waiting;
  }

  /** Whether the session can be lent to somebody else: open, idle and outside of any transaction. */
  get reusable(): boolean {
    return this.open && !this.busy && !this.cancelComesLate && this.getTransactionStatus() === 'I';
  }

  /**
   * Whether a statement would be written to the connection. The server's goodbye is known here some turns of the event
   * loop before pg hears that the socket is closed; what only travels towards this process nobody can know.
   */
  get open(): boolean {
    const { readable, writable } = this.internals.connection.stream;
    return this.alive && readable && writable;
  }

  /** Whether the connection broke or was cut, and did not end because somebody asked it to. */
  get broken(): boolean {
    if (this.lossCause !== undefined || this.silentMs !== undefined || this.endedByServer) return true;
    const { _ending, connection } = this.internals;
    return !_ending && connection.stream.readableEnded;
  }

  /** Bytes received so far: a server that is silent while a statement runs adds none. */
  get bytesReceived(): number {
    return this.internals.connection.stream.bytesRead;
  }

  /** Cuts the connection because the server has been silent for `silentMs`; every open statement is told so. */
  cutSilent(silentMs: number): void {
    this.silentMs ??= silentMs;
    void this.destroy();
  }

  /**
   * Closes the socket at once, without a goodbye, and asks the server to stop the statement that runs, if any.
   *
   * @returns settles when the server has heard of it, or after half a second
   */
  async destroy(): Promise<void> {
    const { connection, processID, secretKey } = this.internals;
    const { host, port } = this;
    const stopped = this.waiting ? requestCancel({ host, port, processID, secretKey }) : undefined;
    connection.stream.destroy();
    await stopped;
  }

  /**
   * Asks the server to stop the statement that runs. Settles when the server has heard of it, or after half a second; until
   * then the next statement is not to be sent.
   */
  cancelStatement(): Promise<void> {
    return this.cancellable.cancel();
  }

  /** Ends the session for good; at once when somebody still waits on it, whose work must not go on. */
  discard(): void {
    if (this.waiting) void this.destroy();
    // Also after the socket was destroyed: of that, pg hears later, and its pool would lend the connection until then.
    void this.end();
  }

  /** The parameters of the start-up message, sent instead of `options`, which needs quoting of its own. */
  getStartupConf(): Record<string, string | undefined> {
    const { user, database } = this;
    return { user, ...(database !== undefined && { database }), ...this.settings.sessionParameters };
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- pg has nine overloads; see its manual for the forms
  override query(config: unknown, values?: unknown, callback?: unknown): any {
    if (config === null || config === undefined || isSubmittable(config)) {
      this.lastCallAt = performance.now();
      return super.query(...([config, values, callback] as [never, never, never]));
    }
    const done: unknown = typeof values === 'function' ? values : callback;
    const parameters = Array.isArray(values) ? (values as unknown[]) : undefined;
    const result = this.perform(config as pg.QueryConfig | string, parameters);
    if (typeof done !== 'function') return result;
    settleCallback(result, done);
  }

  /** A statement of a transaction, in its place there. */
  queryAt(place: StatementPlace, config: pg.QueryConfig): Promise<pg.QueryArrayResult> {
    return this.perform(config, undefined, place);
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void;
  override connect(callback?: (error: never, client: pg.Client) => void): Promise<pg.Client> | undefined {
    const connected = new Promise<pg.Client>((resolve, reject) => {
      const refusal = this.login.refusal();
      if (refusal !== undefined) {
        // Nothing was opened; its owner waits for the end all the same.
        process.nextTick(() => this.emit('end'));
        reject(refusal);
        return;
      }
      super.connect((error: Error | null | undefined) => {
        this.login.end(error ?? undefined);
        if (error === null || error === undefined) {
          resolve(this);
          return;
        }
        // pg leaves the socket open when the password cannot be had, until the server loses patience.
        void this.destroy();
        reject(error);
      });
    });
    if (callback === undefined) return connected;
    const done = callback as (error: unknown, client: pg.Client) => void;
    connected.then(
      () => {
        done(null, this);
      },
      (error: unknown) => {
        done(error, this);
      },
    );
  }

  /** Ends the session; a server that does not answer the goodbye costs one second. */
  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | undefined {
    if (!this.internals._ended) {
      const timer = setTimeout(() => {
        void this.destroy();
      }, END_TIMEOUT_MS);
      // Without `unref` a closed application would wait for it.
      timer.unref();
      this.once('end', () => {
        clearTimeout(timer);
      });
    }
    if (callback === undefined) return super.end();
    super.end(callback);
  }

  private perform(
    config: PreparedConfig | string,
    values: unknown[] | undefined,
    place?: StatementPlace,
  ): Promise<pg.QueryArrayResult> {
    this.unsettled += 1;
    const begun = (this.lastCallAt = performance.now());
    const signal = cancellationSignal();
    let cancellation = undefined as QueryCancellation | undefined;
    const settled = new Promise<pg.QueryArrayResult>((resolve, reject) => {
      let isSettled = false;
      const settle = (error: Error | null, result: pg.QueryArrayResult) => {
        // pg calls a second time, without an error, for what it could not write whole: a value that cannot be encoded.
        if (isSettled) return;
        isSettled = true;
        if (error !== null && error !== undefined) {
          this.fail(query, error, reject);
          return;
        }
        this.unsettled -= 1;
        this.lastAnswerAt = performance.now();
        if (FORGETS.has(result.command)) this.forgetNames(query.text);
        // PostgreSQL answers the COMMIT of a failed transaction with success and the tag ROLLBACK.
        if (result.command === 'ROLLBACK' && query.kind === 'commit' && query.sent?.inTransaction === true)
          reject(new UnexpectedRollbackError({ target: this.settings.target }));
        else resolve(result);
      };
      const query = new TrackedQuery(this, config, values, settle, place);
      this.giveName(query, config);
      if (signal !== undefined && mayBeCancelled(query))
        cancellation = new QueryCancellation(query, signal, this.cancellable);
      super.query(query);
    });
    const outcome = cancellation?.follow(settled) ?? settled;
    if (queryChannel.hasSubscribers) this.observe(begun, config, values, outcome);
    return outcome;
  }

  /** A part of a round trip has none: the driver takes any answer to a Parse for that of the named statement. */
  private giveName(query: TrackedQuery, config: PreparedConfig | string): void {
    if (typeof config === 'string' || config.prepared !== true || query.leads) return;
    const named = this.named.nameOf(config.text);
    if (named === undefined) return;
    query.name = named.name;
    query.planAnew = named.planAnew;
  }

  /** Its own statements are told anew, with a Close in front; those of others pg would tell again that are still there. */
  private forgetNames(after: string | undefined): void {
    this.named.forget();
    if (DROPS_ALL.test(after ?? '')) this.internals.connection.parsedStatements = {};
  }

  private fail(query: TrackedQuery, error: Error, reject: (error: Error) => void): void {
    if (isUnknownName(error)) this.named.forget();
    const refuse = () => {
      this.unsettled -= 1;
      if (this.alive && query.sent !== undefined && !endsSession(error))
        this.lastAnswerAt = performance.now();
      reject(this.alive && !endsSession(error) ? error : this.explain(query, error));
    };
    // What was not sent leaves nothing to wait for.
    const answered = query.sent === undefined || this.internals.readyForQuery;
    if (this.alive && !answered && !endsSession(error)) this.whenReady(refuse);
    else refuse();
  }

  /** Tells of the statement before its caller hears of it. */
  private observe(
    begun: number,
    config: pg.QueryConfig | string,
    values: unknown[] | undefined,
    outcome: Promise<unknown>,
  ): void {
    const publish = (error?: Error) => {
      queryChannel.publish({
        connection: this.settings.target.connection,
        source: this.settings.target,
        sql: typeof config === 'string' ? config : config.text,
        parameters: values ?? (typeof config === 'string' ? [] : (config.values ?? [])),
        durationMs: performance.now() - begun,
        ...(error !== undefined && { error }),
      });
    };
    outcome.then(() => {
      publish();
    }, publish);
  }

  private get cancellable(): Cancellable {
    const { host, port } = this;
    const { processID, secretKey } = this.internals;
    const cancel = async () => {
      // Counts as work: given back meanwhile, the session would be lent to somebody whose statement it hits.
      this.unsettled += 1;
      const taken = await requestCancel({ host, port, processID, secretKey });
      this.unsettled -= 1;
      this.cancelComesLate ||= !taken;
    };
    return { target: this.settings.target, cancel };
  }

  private explain(query: TrackedQuery, error: Error): Error {
    const { target, endpoint } = this.settings;
    const cause = this.lossCause ?? error;
    // The end of the session is said in answer to the statement first.
    this.endedByServer ||= endsSession(error);
    return explainLoss(query, { target, endpoint, cause, silentMs: this.silentMs });
  }

  private whenReady(proceed: () => void): void {
    const { connection } = this.internals;
    const once = () => {
      connection.off('readyForQuery', once);
      connection.off('end', once);
      proceed();
    };
    connection.on('readyForQuery', once);
    connection.on('end', once);
  }

  private get alive(): boolean {
    const { _queryable, _ended, connection } = this.internals;
    return _queryable && !_ended && !connection.stream.destroyed;
  }

  private get internals(): ClientInternals {
    return this as unknown as ClientInternals;
  }
}

/** The client class of one pool; pg constructs its clients itself, from the pool's options alone. */
export function createClientClass(
  settings: DatabaseClientSettings,
  created: (client: DatabaseClient) => void,
): new (config: pg.ClientConfig) => DatabaseClient {
  return class extends DatabaseClient {
    protected override readonly settings = settings;

    constructor(config: pg.ClientConfig) {
      const login = settings.logins.begin();
      // Always given: pg would look for PGPASSWORD otherwise, which nobody has configured here.
      const password = () => login.password();
      super({ ...config, password, connectionTimeoutMillis: settings.connectTimeoutMs }, login);
      created(this);
    }
  };
}

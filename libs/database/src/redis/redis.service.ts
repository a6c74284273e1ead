import { inspect } from 'node:util';
import { Command, type Redis } from 'ioredis';
import { withDeadline } from '../common/deadline.js';
import type { HealthReport } from '../common/health-report.js';
import { singleFlight } from '../common/single-flight.js';
import type { DatabaseError, ErrorTarget } from '../errors/database.error.js';
import { AuthenticationError, ShuttingDownError } from '../errors/connection.errors.js';
import { ValidationError } from '../errors/validation.error.js';
import { translateConnectionFailure } from '../fault/connection-failure.js';
import { translateError } from '../fault/translate-error.js';
import { DEFAULT_MAX_AGE_MS } from '../health/health-probe.port.js';
import { BoundedRedis } from './bounded-redis.js';
import { RedisHealthCheck } from './redis-health-check.js';
import type { ResolvedRedisOptions } from './redis.options.js';

const CONNECT_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 2_000;
const QUIT_TIMEOUT_MS = 1_000;
// ioredis keeps this timer running after a disconnect even when the socket is gone already (6.0.0).
const DESTROY_AFTER_MS = 200;
const MAX_RECONNECT_DELAY_MS = 1_000;
// Refused logins can lock an account.
const AUTH_RETRY_DELAY_MS = 5_000;
/** How long a start that may go on without Redis waits for it. */
const FIRST_ANSWER_MS = 5_000;
/** The service's commands that change nothing, and so may be repeated. */
const READING = new Set(['GET', 'INFO']);
const TEN_YEARS_S = 315_360_000;

/**
 * How a value is stored.
 *
 * @public
 */
export interface RedisSetOptions {
  /** Seconds until the key expires, a whole number in [1, 315 360 000] (10 years); without it the key stays. */
  readonly ttl?: number;
}

/**
 * Redis as an injectable: a few everyday commands with a deadline and typed errors, and the client itself for the rest.
 *
 * Every command settles within 2 seconds, except for those of the client that block on the server. With
 * `startup.mode: 'lazy'` the first one opens the connection before that, for up to 10 seconds. While the connection is down commands fail at once instead of queueing: a
 * command that is sent after its caller was told it failed would change data behind the caller's back. A connection that
 * is lost comes back by itself; after {@link RedisService.disconnect} every command is refused.
 *
 * @public
 */
export class RedisService {
  /**
   * The ioredis client for every command the service does not wrap. With `startup.mode: 'lazy'` it is connected by the
   * first command of the service or by {@link RedisService.connect}, not by a command of its own.
   *
   * A command that blocks on the server, such as BLPOP, XREAD with BLOCK or WAIT, may take its own timeout and the 2
   * seconds on top; with a timeout of 0 it waits until the connection ends. It holds up every other command of its
   * connection, which fail after their 2 seconds: give it a connection of its own with `client.duplicate()`. That one
   * has the same limits; connect it before its first command, and close it yourself.
   */
  readonly client: Redis;
  private readonly bounded: BoundedRedis;
  private readonly endpoint: string;
  private readonly target: ErrorTarget;
  private disconnecting: Promise<void> | undefined;
  /** A first attempt that fails is its caller's to repeat; only what was wanted for good comes back by itself. */
  private staysConnected = false;
  private lastFailure: DatabaseError | undefined;
  private readonly health: RedisHealthCheck;

  /** @internal */
  constructor({ url }: ResolvedRedisOptions, connection = 'default') {
    this.target = { kind: 'redis', connection };
    const { hostname, port } = new URL(url.reveal());
    this.endpoint = `${hostname}:${port === '' ? 6379 : port}`;
    this.bounded = new BoundedRedis(
      url.reveal(),
      {
        lazyConnect: true,
        connectTimeout: CONNECT_TIMEOUT_MS,
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        disconnectTimeout: DESTROY_AFTER_MS,
        retryStrategy: (attempt) => this.reconnectDelay(attempt),
      },
      COMMAND_TIMEOUT_MS,
    );
    this.client = this.bounded;
    // Without a listener ioredis writes every reconnect failure to the console; each caller gets its own error.
    this.client.on('error', (error) => {
      this.lastFailure = translateConnectionFailure(withoutArguments(error), this.endpoint, this.target);
    });
    this.client.on('ready', () => {
      this.lastFailure = undefined;
      this.staysConnected = true;
    });
    this.health = new RedisHealthCheck(this.client, () =>
      this.run('INFO', () => this.bounded.sendUnlimited(new Command('info', [], { replyEncoding: 'utf8' }))),
    );
  }

  /**
   * Connects and waits until the server takes commands; callers that come meanwhile share the attempt.
   *
   * @throws {@link UnavailableError} when the server cannot be reached within 10 seconds
   * @throws {@link AuthenticationError} when it refuses the credentials
   * @throws {@link ShuttingDownError} after {@link RedisService.disconnect}
   */
  async connect(): Promise<void> {
    this.throwIfClosed();
    if (!this.isConnected()) await this.connecting();
  }

  private readonly connecting = singleFlight(async (): Promise<void> => {
    try {
      if (['wait', 'end', 'close'].includes(this.client.status)) await this.client.connect();
      await this.client.ping();
    } catch (error) {
      this.throwIfClosed();
      // `connect` rejects with "Connection is closed."; why it was closed came with the event.
      throw (
        this.lastFailure ?? translateConnectionFailure(withoutArguments(error), this.endpoint, this.target)
      );
    }
  });

  /**
   * Keeps trying until the server takes commands; resolves after the first attempt, whatever came of it, and at the
   * latest after five seconds.
   *
   * @internal
   */
  async connectInBackground(onFailure: (error: unknown) => void): Promise<void> {
    this.staysConnected = true;
    await withDeadline(this.connect().catch(onFailure), FIRST_ANSWER_MS, () => undefined);
  }

  /** Closes the connection after the replies that are under way, at the latest after a second; never rejects. */
  disconnect(): Promise<void> {
    this.disconnecting ??= this.quit();
    return this.disconnecting;
  }

  /** Whether commands can be sent right now. */
  isConnected(): boolean {
    return this.client.status === 'ready';
  }

  /**
   * Pings the server and reads its memory and role; bounded to a second, never rejects.
   *
   * One check at a time, which concurrent calls share; whoever comes within `maxAgeMs` gets the same report. While a
   * question is unanswered later checks wait for its answer: they do not pile up questions in front of a silent server.
   */
  checkHealth({ maxAgeMs = DEFAULT_MAX_AGE_MS }: { readonly maxAgeMs?: number } = {}): Promise<HealthReport> {
    return this.health.check(maxAgeMs);
  }

  /**
   * The text at `key`, or null where there is none.
   *
   * @throws {@link UnavailableError} while there is no connection
   * @throws {@link QueryTimeoutError} when no answer comes within 2 seconds
   * @throws {@link RejectedQueryError} when the server refuses, for example because the key holds no text
   */
  get(key: string): Promise<string | null> {
    return this.run('GET', () => this.client.get(key));
  }

  /**
   * Stores a text under `key`, replacing what was there together with its expiry.
   *
   * @throws {@link ValidationError} when `ttl` is out of its range; nothing was sent
   * @throws the errors of {@link RedisService.get}
   */
  async set(key: string, value: string, options: RedisSetOptions = {}): Promise<void> {
    const { ttl } = options;
    if (ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 1 && ttl <= TEN_YEARS_S)) {
      throw new ValidationError('ttl', `is ${ttl}, expected whole seconds in [1, ${TEN_YEARS_S}].`);
    }
    await this.run('SET', () =>
      ttl === undefined ? this.client.set(key, value) : this.client.set(key, value, 'EX', ttl),
    );
  }

  /**
   * Deletes the keys and says how many of them were there; no keys is no command.
   *
   * @throws the errors of {@link RedisService.get}
   */
  async del(...keys: string[]): Promise<number> {
    if (keys.length === 0) return 0;
    return await this.run('DEL', () => this.client.del(...keys));
  }

  /**
   * Appends an entry to a stream.
   *
   * @internal
   */
  async append(
    stream: string,
    fields: readonly (readonly [string, string])[],
    maxLength: number | undefined,
  ): Promise<void> {
    const entry = fields.flat();
    await this.run('XADD', () =>
      maxLength === undefined
        ? this.client.xadd(stream, '*', ...entry)
        : this.client.xadd(stream, 'MAXLEN', '~', maxLength, '*', ...entry),
    );
  }

  /** Keeps the URL, which may hold a password, out of logs. */
  [inspect.custom](): string {
    return `RedisService { endpoint: '${this.endpoint}', status: '${this.client.status}' }`;
  }

  /** Endpoint and status; keeps the URL out of serialised objects. */
  toJSON(): object {
    return { endpoint: this.endpoint, status: this.client.status };
  }

  private run<Result>(command: string, send: () => Promise<Result>): Promise<Result> {
    // The usual case without a step of its own: each `await` on the way costs a busy client a few per cent.
    if (this.isConnected() && this.disconnecting === undefined)
      return send().catch((error: unknown) => {
        throw this.translate(command, error, true);
      });
    return this.runUnconnected(command, send);
  }

  private async runUnconnected<Result>(command: string, send: () => Promise<Result>): Promise<Result> {
    this.throwIfClosed();
    // The first use opens the connection; one that was lost later comes back by itself.
    if (!this.staysConnected) await this.connect();
    const sent = this.isConnected();
    try {
      return await send();
    } catch (error) {
      throw this.translate(command, error, sent);
    }
  }

  private translate(command: string, failure: unknown, sent: boolean): DatabaseError {
    if (this.disconnecting !== undefined)
      return new ShuttingDownError({ target: this.target, cause: failure });
    return translateError(withoutArguments(failure), {
      target: this.target,
      endpoint: this.endpoint,
      operation: `Redis ${command}`,
      access: READING.has(command) ? 'read' : 'write',
      // A command that waits for a connection was not sent; one that was sent may have been carried out.
      phase: sent ? 'execute' : 'connect',
      elapsedMs: COMMAND_TIMEOUT_MS,
    });
  }

  private throwIfClosed(): void {
    if (this.disconnecting !== undefined) throw new ShuttingDownError({ target: this.target });
  }

  private reconnectDelay(attempt: number): number | null {
    if (!this.staysConnected) return null;
    if (this.lastFailure instanceof AuthenticationError) return AUTH_RETRY_DELAY_MS;
    return Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_DELAY_MS);
  }

  private async quit(): Promise<void> {
    if (!this.isConnected()) {
      this.client.disconnect();
      return;
    }
    const ended = new Promise<void>((resolve) => this.client.once('end', resolve));
    // A refusal means that the connection went away by itself; the wait below ends in any case.
    this.client.quit().catch(() => undefined);
    await withDeadline(ended, QUIT_TIMEOUT_MS, () => {
      this.client.disconnect();
    });
  }
}

/** ioredis hangs the command on its errors, arguments included: values, and the password of AUTH and HELLO. */
function withoutArguments(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('command' in error)) return error;
  const { command } = error;
  if (typeof command === 'object' && command !== null && 'name' in command)
    error.command = { name: command.name };
  return error;
}

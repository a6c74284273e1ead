import { Socket } from 'node:net';
import pg from 'pg';
import { withDeadline } from '../common/deadline.js';
import type { PostgresTarget } from '../config/connection-url.js';
import type { PasswordProvider } from '../config/password.js';
import type { ErrorTarget } from '../errors/database.error.js';
import { translateConnectionFailure } from '../fault/connection-failure.js';
import { LoginGate } from './login-gate.js';
import type { ResolvedTlsOptions } from './tls.options.js';

const CLOSE_TIMEOUT_MS = 1_000;
// Missing in the type of pg's parsers, known to the parsers themselves.
const TEXT_ARRAY: number = 1009;
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** Where and as whom a dedicated connection is opened. */
export interface SingleConnectionSettings {
  readonly url: PostgresTarget;
  readonly password: PasswordProvider | undefined;
  readonly tls: ResolvedTlsOptions | false;
  readonly applicationName: string;
  /** Bounds connect and authentication together. */
  readonly connectTimeoutMs: number;
  readonly target: ErrorTarget;
  /** Gives up and cuts the connection when it is aborted before the session is open. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a PgBouncer is in between; the session then has the server's settings. */
  readonly pgbouncer?: boolean;
  /** What the others that connect as this user know of it. */
  readonly logins?: LoginGate | undefined;
}

/** A result with every value in PostgreSQL's text form. */
export interface TextResult {
  readonly columns: readonly { readonly name: string; readonly typeId: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowCount: number;
}

/**
 * A session of its own, for work that must not share one: session locks, scripts that change settings.
 *
 * The session runs in `TimeZone=UTC` and with the URL's schema as its search path, both as start-up settings, so that
 * `RESET ALL` returns to them. Queries run one after the other, in the order of the calls.
 */
export class SingleConnection {
  /** Resolves when the session has ended, by whatever cause. */
  readonly ended: Promise<void>;

  private constructor(
    private readonly client: pg.Client,
    private readonly socket: Socket,
  ) {
    this.ended = new Promise((resolve) => {
      if (socket.destroyed) resolve();
      else socket.once('close', () => resolve());
    });
  }

  /** @throws {DatabaseError} that says why the connection could not be had. */
  static async open({
    url,
    password,
    tls,
    applicationName,
    connectTimeoutMs,
    target,
    signal,
    pgbouncer = false,
    logins,
  }: SingleConnectionSettings): Promise<SingleConnection> {
    const endpoint = `${url.host}:${url.port}`;
    const login = (logins ?? new LoginGate({ password, endpoint, target })).begin();
    const refusal = login.refusal();
    if (refusal !== undefined) throw refusal;
    const socket = new Socket();
    const client = new pg.Client({
      host: url.host,
      port: url.port,
      database: url.database,
      user: url.user,
      // Always given: pg would look for PGPASSWORD otherwise.
      password: () => login.password(),
      ssl: tls,
      application_name: applicationName,
      // PgBouncer refuses a connection that asks for more than it follows itself.
      ...(!pgbouncer && { options: startUpOptions(url) }),
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      stream: () => socket,
    });
    // An 'error' event without a listener ends the process; queries that are running reject by themselves.
    client.on('error', () => undefined);
    const giveUp = (): void => {
      socket.destroy();
    };
    try {
      signal?.throwIfAborted();
      signal?.addEventListener('abort', giveUp);
      await client.connect();
      login.end();
    } catch (error) {
      login.end(error ?? new Error('The attempt was given up.'));
      socket.destroy();
      throw translateConnectionFailure(error, endpoint, target);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    return new SingleConnection(client, socket);
  }

  /** Whether the session has ended, by whatever cause. */
  get lost(): boolean {
    return this.socket.destroyed;
  }

  /** Whether the last call, which must have succeeded, left a transaction open. */
  get inTransaction(): boolean {
    return this.client.getTransactionStatus() !== 'I';
  }

  /** Runs one statement; rejects with the driver's own error. */
  async query(text: string, values: readonly unknown[] = []): Promise<TextResult> {
    const result = await this.client.query<(string | null)[]>({
      text,
      values: [...values],
      rowMode: 'array',
      types: AS_TEXT,
    });
    return {
      columns: result.fields.map((field) => ({ name: field.name, typeId: field.dataTypeID })),
      rows: result.rows,
      rowCount: result.rowCount ?? 0,
    };
  }

  /**
   * Sends a whole script to the server in one message. The server parses it, quotes and `$$` bodies included, and
   * runs it as one implicit transaction.
   */
  async script(text: string): Promise<void> {
    await this.client.query(text);
  }

  /** Calls `listener` for every notification that a LISTEN of this session has asked for. */
  onNotification(listener: (channel: string) => void): void {
    this.client.on('notification', ({ channel }) => {
      listener(channel);
    });
  }

  /** Cuts the connection at once, without a word to the server; whatever runs rejects. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Ends the session; a server that does not answer costs one second. Never rejects, further calls do nothing. */
  async close(): Promise<void> {
    await withDeadline(
      this.client.end().catch(() => undefined),
      CLOSE_TIMEOUT_MS,
      () => undefined,
    );
    this.socket.destroy();
  }
}

/** Reads the text form of a one-dimensional array. */
export function parseArray(text: string): readonly (string | null)[] {
  const parse = pg.types.getTypeParser(TEXT_ARRAY) as (text: string) => (string | null)[];
  return parse(text);
}

function startUpOptions({ schema }: PostgresTarget): string {
  return `-c TimeZone=UTC${schema === undefined ? '' : ` -c search_path="${schema}"`}`;
}

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { DatabaseError } from '../errors/database.error.js';
import { POOL_CHANNELS, type PostgresQueryEvent } from '../postgres/pool.events.js';
import { findCallSite } from './call-site.js';
import { fingerprint, normaliseSql, redactSql } from './fingerprint.js';
import { escapeLogText } from './log-text.js';
import type { ResolvedLoggingOptions } from './logging.options.js';
import { describeParameters } from './parameter-text.js';

/** Where the lines go. */
export interface QueryLogSink {
  debug(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

export interface QueryLogSettings {
  readonly connection: string;
  /** The pool whose queries are logged. */
  readonly owner: object;
  readonly options: ResolvedLoggingOptions;
  readonly sink: QueryLogSink;
  /** The id of the request that is being served. */
  readonly requestId: () => string | undefined;
}

/** The server understood the statement and refused its data, or asks for a repetition: the caller handles that. */
const EXPECTED_SQLSTATE = /^(22|23|40)/;

/**
 * Writes the queries of one connection to the log.
 *
 * In `development` every query with its call site. In `production` failed ones and slow ones only, and never a value:
 * of the statement its shape, of the error its code, since the server's messages repeat what was sent. While it is
 * `off` it does not even listen, and then the pool publishes nothing.
 */
export class QueryLog {
  private listening = false;

  constructor(private readonly settings: QueryLogSettings) {}

  open(): void {
    if (this.listening || this.settings.options.mode === 'off') return;
    this.listening = true;
    subscribe(POOL_CHANNELS.query, this.onQuery);
  }

  close(): void {
    this.listening = false;
    unsubscribe(POOL_CHANNELS.query, this.onQuery);
  }

  private readonly onQuery = (event: unknown): void => {
    const query = event as PostgresQueryEvent;
    const { connection, owner, options, sink } = this.settings;
    // Other connections, also those of other applications in this process, have logs of their own.
    if (query.connection !== connection || query.source !== owner) return;
    const slow = options.slowQueryMs > 0 && query.durationMs >= options.slowQueryMs;
    if (query.error !== undefined) {
      const code = codeOf(query.error);
      const line = `Query failed (${code}) ${this.summarise(query)}`;
      if (EXPECTED_SQLSTATE.test(code)) sink.warn(line);
      else sink.error(line);
    } else if (slow) {
      sink.warn(`Slow query ${this.summarise(query)}`);
    } else if (options.mode === 'development') {
      sink.debug(`Query ${this.show(query)}`);
    }
  };

  /** Without any value: for a log that is kept and read by others. */
  private summarise(query: PostgresQueryEvent): string {
    const normalised = normaliseSql(query.sql);
    const parts = [...this.facts(query), `fingerprint=${fingerprint(normalised)}`, ...this.site()];
    return `${parts.join(' ')} ${escapeLogText(normalised)}`;
  }

  private show(query: PostgresQueryEvent): string {
    const { parameters } = this.settings.options;
    // A literal in the text, or a comment, may be as secret as a parameter.
    const sql = parameters === 'shown' ? query.sql.replace(/\s+/g, ' ').trim() : redactSql(query.sql);
    const values = describeParameters(query.sql, query.parameters, parameters);
    return `${[...this.facts(query), ...this.site()].join(' ')} ${escapeLogText(sql)} ${escapeLogText(values)}`;
  }

  private facts({ durationMs }: PostgresQueryEvent): string[] {
    const id = this.settings.requestId();
    const { connection } = this.settings;
    return [
      `${Math.round(durationMs * 10) / 10} ms`,
      ...(connection === 'default' ? [] : [`connection=${connection}`]),
      ...(id === undefined ? [] : [`request=${escapeLogText(id)}`]),
    ];
  }

  /** Costs a stack trace, so only a developer pays for it. */
  private site(): string[] {
    if (this.settings.options.mode !== 'development') return [];
    const site = findCallSite();
    return site === undefined ? [] : [`at=${escapeLogText(site)}`];
  }
}

/** A code or the name of a class; never the server's message, which repeats values. */
function codeOf(error: Error): string {
  if (error instanceof DatabaseError) return error.code;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

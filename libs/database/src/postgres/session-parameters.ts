import type { ResolvedTimeoutOptions } from './timeout.options.js';

/** What a session is told when it starts. */
export interface SessionSettings {
  readonly url: { readonly schema: string | undefined };
  readonly applicationName: string;
  readonly timeouts: ResolvedTimeoutOptions;
  /** Whether a PgBouncer is in between: it refuses start-up parameters that it does not follow itself. */
  readonly pgbouncer?: boolean;
}

/**
 * The start-up parameters of every session of ours.
 *
 * The formats are those that Prisma's adapter and pg's parsers take for granted; a role or database with other defaults
 * (`ALTER ROLE … SET TimeZone`) would make them read wrong values in silence. Start-up parameters win over those
 * defaults, and `RESET ALL` returns to them.
 */
export function sessionParameters(settings: SessionSettings): Readonly<Record<string, string>> {
  const { url, applicationName, timeouts, pgbouncer = false } = settings;
  const { schema } = url;
  const followed = {
    application_name: applicationName,
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    TimeZone: 'UTC',
  };
  if (pgbouncer) return followed;
  return {
    ...followed,
    IntervalStyle: 'postgres',
    bytea_output: 'hex',
    extra_float_digits: '1',
    ...(schema !== undefined && { search_path: `"${schema.replaceAll('"', '""')}"` }),
    statement_timeout: String(timeouts.statementMs),
    lock_timeout: String(timeouts.lockMs),
    idle_in_transaction_session_timeout: String(timeouts.idleInTransactionMs),
  };
}

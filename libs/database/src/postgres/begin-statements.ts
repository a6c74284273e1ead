import type { TransactionSessionOptions } from '../transaction/transaction-session.port.js';
import { constant, type LeadingStatement } from './leading-statement.js';

/**
 * The id of the transaction, and when the statistics of the server were last emptied, which crash recovery does.
 *
 * PostgreSQL takes up counting where its log ends: a transaction whose log was not written yet when the server crashed
 * leaves its id to another one, whose fate is then what `pg_xact_status` tells. Only the crash gives that away.
 */
const READ_TRANSACTION_ID =
  "SELECT pg_current_xact_id() || ' ' || coalesce(extract(epoch FROM stats_reset), 0) FROM pg_stat_bgwriter";
/** The session on the server, also behind a pooler, and the moment the transaction has begun, by which the server lists it. */
const READ_SESSION = "SELECT pg_backend_pid() || ' ' || extract(epoch FROM transaction_timestamp())";
const READ = { id: READ_TRANSACTION_ID, session: READ_SESSION };

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
};

/** What a transaction begins with, in front of its first statement. */
export function beginStatements(
  { isolationLevel, readOnly, settings, findBy }: TransactionSessionOptions,
  onId: (id: string | null) => void,
): LeadingStatement[] {
  const level = isolationLevel === undefined ? '' : ` ISOLATION LEVEL ${ISOLATION_LEVELS[isolationLevel]}`;
  const statements: LeadingStatement[] = [constant(`BEGIN${level}${readOnly ? ' READ ONLY' : ''}`)];
  const entries = Object.entries(settings);
  if (entries.length > 0) {
    // Names and values are parameters: neither can become SQL. `true`: until the end of the transaction.
    const calls = entries.map((_entry, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`);
    statements.push({ text: `SELECT ${calls.join(', ')}`, values: entries.flat() });
  }
  if (findBy !== undefined) statements.push({ text: READ[findBy], onValue: onId });
  return statements;
}

import type { TransactionSessionOptions } from '../transaction/transaction-session.port.js';
import type { LeadingStatement } from './leading-statement.js';
import { READ_TRANSACTION_ID } from './transaction-status.js';

const ISOLATION_LEVELS: Readonly<Record<string, string>> = {
  ReadUncommitted: 'READ UNCOMMITTED',
  ReadCommitted: 'READ COMMITTED',
  RepeatableRead: 'REPEATABLE READ',
  Serializable: 'SERIALIZABLE',
};

/** What a transaction begins with, in front of its first statement. */
export function beginStatements(
  { isolationLevel, readOnly, settings, wantsId }: TransactionSessionOptions,
  onId: (id: string | null) => void,
): LeadingStatement[] {
  const level = isolationLevel === undefined ? '' : ` ISOLATION LEVEL ${ISOLATION_LEVELS[isolationLevel]}`;
  const statements: LeadingStatement[] = [{ text: `BEGIN${level}${readOnly ? ' READ ONLY' : ''}` }];
  const entries = Object.entries(settings);
  if (entries.length > 0) {
    // Names and values are parameters: neither can become SQL. `true`: until the end of the transaction.
    const calls = entries.map((_entry, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`);
    statements.push({ text: `SELECT ${calls.join(', ')}`, values: entries.flat() });
  }
  if (wantsId) statements.push({ text: READ_TRANSACTION_ID, onValue: onId });
  return statements;
}

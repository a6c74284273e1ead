import type { Verdict, VerdictKind } from './verdict.js';

/** PostgreSQL's codes that mean something of their own to a caller (appendix A of its documentation, version 18). */
const BY_STATE: Readonly<Record<string, VerdictKind>> = {
  '08001': 'unavailable', // could not establish the connection
  '08004': 'unavailable', // the server rejected the connection
  '57P03': 'unavailable', // starting up, shutting down, recovering
  '08000': 'lost',
  '08003': 'lost-unsent', // the connection does not exist
  '08006': 'lost',
  '57P01': 'lost', // shutdown, or pg_terminate_backend
  '57P02': 'lost', // another backend crashed
  '57P05': 'lost', // idle_session_timeout
  // 08P01 is left to its severity: with ERROR it is a statement whose values are not as many as its parameters.
  '08007': 'outcome-unknown', // transaction resolution unknown
  '40003': 'outcome-unknown', // statement completion unknown
  '57P04': 'schema', // the database was dropped
  '57014': 'cancelled',
  '55P03': 'lock',
  '40001': 'serialization',
  '40P01': 'deadlock',
  '25006': 'read-only',
  '25P03': 'work-timeout', // idle_in_transaction_session_timeout
  '25P04': 'work-timeout', // transaction_timeout
  '28000': 'auth',
  '28P01': 'auth',
  '3D000': 'schema',
  '3F000': 'schema',
  '42P01': 'schema',
  '42703': 'schema',
  '42704': 'schema',
  '42883': 'schema',
  '23505': 'unique',
  '23503': 'foreign-key',
  '23001': 'foreign-key',
  '23502': 'not-null',
};
const RESOURCES = { '53100': 'disk', '53200': 'memory', '53300': 'connections' } as const;
/** Classes of the standard and of PostgreSQL; a code of another class is the application's own. */
const CLASS = /^(0[0-9A-Z]|1[0-9]|2[0-9A-F]|3[0-9B-F]|4[0-4]|5[0-9]|72|F0|HV|P0|XX)/;

/** Whether a text without a severity beside it can only be a SQLSTATE; `EPIPE` has five characters as well. */
export function isSqlState(text: string): boolean {
  return /^[0-9A-Z]{5}$/.test(text) && CLASS.test(text);
}

/**
 * What a code means. `severity` is ERROR where the server kept the session, FATAL or PANIC where it ended it.
 *
 * A code that is not known means that the operation was rejected, or that the connection is lost, and is never worth
 * a repetition in the first case.
 */
export function judgeSqlState(state: string, severity: string | undefined): Verdict {
  const known = BY_STATE[state];
  if (known !== undefined) return { kind: known, reason: state };
  if (state.startsWith('53')) {
    const resource = (RESOURCES as Readonly<Record<string, 'disk' | 'memory' | 'connections'>>)[state];
    return { kind: 'resource', resource: resource ?? 'other', reason: state };
  }
  if (state.startsWith('22')) return { kind: 'data', reason: state };
  if (state.startsWith('23')) return { kind: 'check', reason: state };
  if (state === '25P02') return { kind: 'rejected', reason: ABORTED };
  const ended = severity === 'FATAL' || severity === 'PANIC';
  return { kind: ended ? 'lost' : 'rejected', reason: state };
}

const ABORTED = '25P02, an earlier statement of the same transaction had failed';

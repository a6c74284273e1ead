import { readProperty, readText } from '../common/safe-read.js';
import type { Verdict, VerdictKind } from './verdict.js';

/**
 * Prisma's codes (7.10: those of `@prisma/client/runtime`; older ones stay for engines that still raise them).
 * P2010, P2036 and P2039 say nothing by themselves: what happened is in the adapter's error.
 */
const BY_CODE: Readonly<Record<string, VerdictKind>> = {
  P1000: 'auth',
  P1001: 'unavailable',
  P1002: 'unavailable',
  P1003: 'schema',
  P1008: 'lost',
  P1010: 'auth',
  P1011: 'tls',
  P1017: 'lost',
  P1018: 'scope-closed',
  P2000: 'data',
  P2001: 'not-found',
  P2002: 'unique',
  P2003: 'foreign-key',
  P2004: 'check',
  P2005: 'data',
  P2006: 'data',
  P2007: 'data',
  P2009: 'arguments',
  P2011: 'not-null',
  P2012: 'not-null',
  P2014: 'foreign-key',
  P2015: 'foreign-key',
  P2018: 'foreign-key',
  P2019: 'arguments',
  P2020: 'data',
  P2021: 'schema',
  P2022: 'schema',
  P2023: 'data',
  P2024: 'pool-timeout',
  P2033: 'data',
  P2034: 'serialization',
};

/** `kind` of the adapter's error, for errors that bear no code, or one that says nothing. */
const BY_KIND: Readonly<Record<string, VerdictKind>> = {
  AuthenticationFailed: 'auth',
  DatabaseAccessDenied: 'auth',
  DatabaseNotReachable: 'unavailable',
  DatabaseDoesNotExist: 'schema',
  SocketTimeout: 'lost',
  ConnectionClosed: 'lost',
  TlsConnectionError: 'tls',
  TransactionAlreadyClosed: 'scope-closed',
  LengthMismatch: 'data',
  InvalidInputValue: 'data',
  ValueOutOfRange: 'data',
  InconsistentColumnData: 'data',
  UniqueConstraintViolation: 'unique',
  ForeignKeyConstraintViolation: 'foreign-key',
  RestrictViolation: 'foreign-key',
  NullConstraintViolation: 'not-null',
  TableDoesNotExist: 'schema',
  ColumnNotFound: 'schema',
  TransactionWriteConflict: 'serialization',
};

/** What Prisma's code means, or undefined where it says nothing by itself or is not known. */
export function judgePrismaCode(code: string, message: string, meta: unknown): Verdict | undefined {
  if (code === 'P2028') return { kind: judgeTransactionApi(message), reason: code };
  if (code === 'P2037') return { kind: 'resource', resource: 'connections', reason: code };
  if (code === 'P2025') return { kind: judgeMissingRecord(meta), reason: code };
  const kind = BY_CODE[code];
  return kind === undefined ? undefined : { kind, reason: code };
}

export function judgeAdapterKind(kind: string): Verdict | undefined {
  if (kind === 'TooManyConnections') return { kind: 'resource', resource: 'connections', reason: kind };
  const known = BY_KIND[kind];
  return known === undefined ? undefined : { kind: known, reason: kind };
}

/** P2028 stands for four situations; its text is the only thing that tells them apart. */
function judgeTransactionApi(message: string): VerdictKind {
  if (/unable to start a transaction/i.test(message)) return 'begin-timeout';
  if (/expired transaction/i.test(message)) return 'work-timeout';
  if (/already closed|transaction not found/i.test(message)) return 'scope-closed';
  return 'rejected';
}

/** P2025 is raised for the record itself and for a record that a nested `connect` refers to. */
function judgeMissingRecord(meta: unknown): VerdictKind {
  const operation = readText(meta, 'operation') ?? '';
  return readProperty(meta, 'relation') !== undefined && /connect/.test(operation)
    ? 'foreign-key'
    : 'not-found';
}

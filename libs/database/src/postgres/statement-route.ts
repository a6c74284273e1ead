import type pg from 'pg';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type { TransactionSession } from '../transaction/transaction-session.port.js';
import type { TransactionConnection } from './transaction-connection.js';

/** A transaction, as a statement finds it that is about to be sent. */
export interface OpenTransaction {
  readonly session: TransactionSession;
  /**
   * Resolves when an inner part has ended, whose savepoint a statement would fall into; undefined where it would not.
   *
   * @throws what has ended the transaction meanwhile
   */
  readonly wait: (() => Promise<void>) | undefined;
}

/** Where in a transaction something was made that runs later. */
export interface StatementOrigin {
  /** What makes two of them the same place. */
  readonly key: object;
  /** Where the caller stands, if that is further in; this place otherwise. */
  here(): StatementOrigin;
  /** @throws {@link TransactionScopeClosedError} when that part of the transaction has ended */
  open(): OpenTransaction;
}

/** What the server says to a statement, as pg gives it. */
export type Answer = pg.QueryResult | pg.QueryArrayResult;
/** Sends a statement to where it belongs. */
export type Send = (config: pg.QueryConfig) => Promise<Answer>;
/** The transaction that a statement belongs to; throws where that has ended. */
export type FindTransaction = () => OpenTransaction | undefined;

/**
 * Sends a statement in the transaction that was found, and finds it anew after each wait.
 *
 * At once where nothing is in the way: a savepoint that is begun next would come in between.
 */
export function sendIn(
  { session, wait }: OpenTransaction,
  find: FindTransaction,
  query: pg.QueryConfig,
): Promise<Answer> {
  if (wait === undefined) return (session as TransactionConnection).query(query);
  return sendLater(wait, find, query);
}

async function sendLater(
  wait: () => Promise<void>,
  find: FindTransaction,
  query: pg.QueryConfig,
): Promise<Answer> {
  await wait();
  for (;;) {
    // Another inner part may have begun.
    const found = find();
    if (found === undefined) throw new TransactionScopeClosedError();
    if (found.wait === undefined) return await (found.session as TransactionConnection).query(query);
    await found.wait();
  }
}

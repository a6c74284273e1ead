import pg from 'pg';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import { statementKind, type StatementKind } from './statement-kind.js';

type Settle = (error: Error | null, result: pg.QueryArrayResult) => void;

/** A statement that belongs to a transaction: outside of one it is refused. */
export interface TransactionQueryConfig extends pg.QueryConfig {
  readonly transactionOnly?: true;
}

/** A query that remembers whether it reached the wire, and in which state of its session. */
export class TrackedQuery extends pg.Query {
  /** Set, it is not sent any more: its caller has gone. */
  givenUp: Error | undefined;
  /** What the query was when it was sent; undefined while not one byte of it was written. */
  sent: { readonly inTransaction: boolean } | undefined;

  constructor(
    client: pg.Client,
    config: string | TransactionQueryConfig,
    values: unknown[] | undefined,
    settle: Settle,
  ) {
    // @types/pg leaves out the callback, by which pg settles a query.
    super(...([config, values, settle] as unknown as [string, unknown[]]));
    const send = this.submit;
    this.submit = (connection) => {
      if (this.givenUp !== undefined) return this.givenUp as unknown as undefined;
      const inTransaction = client.getTransactionStatus() !== 'I';
      // Asked when it is sent, and not when it was queued: a ROLLBACK may have been waiting before it.
      if (!inTransaction && typeof config === 'object' && config.transactionOnly === true)
        return new TransactionScopeClosedError() as unknown as undefined;
      // pg drops what it cannot write, without a word; what was written may have arrived.
      if (connection.stream.writable) this.sent = { inTransaction };
      // The result is an error when the query cannot be sent; @types/pg calls it void.
      return send.call(this, connection);
    };
  }

  /** pg's own field, which @types/pg leaves out. */
  declare readonly text: string | undefined;

  get kind(): StatementKind {
    return statementKind(this.text ?? '');
  }
}

import pg from 'pg';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import { closeNamed, sendTogether, type LeadingStatement } from './leading-statement.js';
import { statementKind, type StatementKind } from './statement-kind.js';

type Settle = (error: Error | null, result: pg.QueryArrayResult) => void;

/** Where a statement stands in its transaction. */
export interface StatementPlace {
  /** Outside of a transaction it is refused. */
  readonly transactionOnly: boolean;
  /** What goes in front of it in the same round trip, such as BEGIN. */
  readonly leading: readonly LeadingStatement[];
  /** Told of each of them that the server has carried out. */
  readonly onLed?: (statement: LeadingStatement) => void;
}

const ON_ITS_OWN: StatementPlace = { transactionOnly: false, leading: [] };

/** The handlers of pg's own query, which @types/pg leaves out. */
interface QueryHandlers {
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: pg.Connection): void;
}

const HANDLERS = pg.Query.prototype as unknown as QueryHandlers;

/** A query that remembers whether it reached the wire, and in which state of its session. */
export class TrackedQuery extends pg.Query {
  /** Set, it is not sent any more: its caller has gone. */
  givenUp: Error | undefined;
  /** What the query was when it was sent; undefined while not one byte of it was written. */
  sent: { readonly inTransaction: boolean } | undefined;
  /** Set, what the session knows by its name is forgotten first. */
  planAnew = false;
  private leadingDone = 0;

  constructor(
    client: pg.Client,
    config: string | pg.QueryConfig,
    values: unknown[] | undefined,
    settle: Settle,
    private readonly place: StatementPlace = ON_ITS_OWN,
  ) {
    // @types/pg leaves out the callback, by which pg settles a query.
    super(...([config, values, settle] as unknown as [string, unknown[]]));
    const { leading, transactionOnly } = place;
    if (leading.length > 0) {
      // Parts of one round trip are parts of the extended protocol. The name is kept for a time when the statement comes
      // alone: pg takes any ParseComplete for that of the named statement.
      Object.assign(this, { queryMode: 'extended', name: undefined });
    }
    const send = this.submit;
    this.submit = (connection) => {
      if (this.givenUp !== undefined) return this.givenUp as unknown as undefined;
      const isBegun = client.getTransactionStatus() !== 'I';
      // Asked when it is sent, and not when it was queued: a ROLLBACK may have been waiting before it.
      if (!isBegun && transactionOnly) return new TransactionScopeClosedError() as unknown as undefined;
      // pg drops what it cannot write, without a word; what was written may have arrived.
      if (connection.stream.writable) this.sent = { inTransaction: isBegun || leading.length > 0 };
      // The result is an error when the query cannot be sent; @types/pg calls it void.
      const first = this.planAnew && this.name !== undefined ? [forgetting(connection, this.name)] : leading;
      const sent =
        first.length === 0
          ? send.call(this, connection)
          : sendTogether(connection, first, () => send.call(this, connection));
      // What pg refuses has not reached the wire, and no answer is to come.
      if (sent instanceof Error && leading.length === 0) this.sent = undefined;
      return sent as undefined;
    };
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    const current = this.place.leading[this.leadingDone];
    if (current === undefined) HANDLERS.handleDataRow.call(this, message);
    else current.onValue?.(message.fields[0] ?? null);
  }

  handleCommandComplete(message: unknown, connection: pg.Connection): void {
    const current = this.place.leading[this.leadingDone];
    if (current === undefined) {
      HANDLERS.handleCommandComplete.call(this, message, connection);
      return;
    }
    this.leadingDone += 1;
    this.place.onLed?.(current);
  }

  /** pg's own fields, which @types/pg leaves out. */
  declare readonly text: string | undefined;
  declare name: string | undefined;

  /** Whether others travel in front of it. */
  get leads(): boolean {
    return this.place.leading.length > 0;
  }

  get kind(): StatementKind {
    return statementKind(this.text ?? '');
  }
}

/** What pg and the session know by this name is told anew. */
function forgetting(connection: pg.Connection, name: string): LeadingStatement {
  const { parsedStatements } = connection as unknown as { readonly parsedStatements: Record<string, string> };
  delete parsedStatements[name];
  return { text: '', bytes: closeNamed(name) };
}

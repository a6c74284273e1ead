import type { FaultContext } from '../fault/fault.js';
import type { PgClient } from './pg-client.port.js';

/**
 * A row as the driver gives it, by column name.
 *
 * @public
 */
export type Row = Record<string, unknown>;

/** One statement with its parameters. */
export interface SqlStatement {
  /** Text with `$1`, `$2`, …; it never holds a value. */
  readonly sql: string;
  readonly values: readonly unknown[];
  /** What the caller does, for the text of an error: `Database.query`. */
  readonly operation: string;
  /**
   * Sent so often that a session may keep its plan, where it is not the first one of a transaction. Not for one whose best
   * plan depends on its values.
   */
  readonly prepared?: boolean;
  /** A read may be repeated after a lost connection; `write` unless said. */
  readonly access?: 'read' | 'write';
  /** Names the fields of a broken constraint, where the caller knows them; otherwise they are columns. */
  readonly fieldsOf?: FaultContext['fieldsOf'];
}

/** How statements run. */
export interface SqlRunner {
  /**
   * @throws {@link ValidationError} for a value that cannot be a parameter, or more than 65 535 of them; nothing was sent
   * @throws {@link DatabaseError} that says what the server or the connection said
   */
  execute(statement: SqlStatement): Promise<SqlResult>;

  /**
   * Reads the result of a query in batches over a cursor, so that it never has to fit into memory as a whole. It belongs to
   * the transaction that it is made in, wherever it is read, and otherwise to the one that it is first read in.
   */
  stream(statement: SqlStatement, options: { readonly batchSize: number }): AsyncGenerator<Row[], void>;
}

/** What a statement gave. */
export interface SqlResult {
  readonly rows: Row[];
  /** Rows returned or changed; null for statements that count none. */
  readonly rowCount: number | null;
}

/**
 * Runs SQL for the parts of the library that speak it themselves: on the ambient transaction's own connection where there
 * is one, on a connection of the pool otherwise. Values come back as Prisma gives them: int8 as bigint, numeric as
 * Decimal, date and timestamp as `Date` read as UTC, bytea as `Uint8Array`. Errors are the library's.
 */
export interface SqlExecutor extends SqlRunner {
  /** The same way for those who speak pg themselves, with the values as pg gives them. */
  readonly pg: PgClient;

  /**
   * For what is made now and runs later: it runs in the transaction that the caller is in now, or in a part of it where it is
   * used there, and is refused after its end. Made outside of any, it runs where it is used.
   */
  here(): PlacedSqlRunner;
}

/** See {@link SqlExecutor.here}. */
export interface PlacedSqlRunner extends SqlRunner {
  /** The same object for all that are made in one place; undefined outside of any transaction. */
  readonly place: object | undefined;
}

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
  /** A read may be repeated after a lost connection; `write` unless said. */
  readonly access?: 'read' | 'write';
  /** Names the fields of a broken constraint, where the caller knows them; otherwise they are columns. */
  readonly fieldsOf?: FaultContext['fieldsOf'];
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
export interface SqlExecutor {
  /** The same way for those who speak pg themselves, with the values as pg gives them. */
  readonly pg: PgClient;

  /**
   * @throws {@link ValidationError} for a value that cannot be a parameter, or more than 65 535 of them; nothing was sent
   * @throws {@link DatabaseError} that says what the server or the connection said
   */
  execute(statement: SqlStatement): Promise<SqlResult>;

  /** Reads the result of a query in batches over a cursor, so that it never has to fit into memory as a whole. */
  stream(statement: SqlStatement, options: { readonly batchSize: number }): AsyncGenerator<Row[], void>;
}

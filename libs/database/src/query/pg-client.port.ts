/**
 * One statement as pg takes it.
 *
 * @public
 */
export interface PgStatement {
  /** With `$1`, `$2`, … where the values go. */
  readonly text: string;
  /** Encoded as pg encodes them. */
  readonly values?: readonly unknown[];
  /** Prepares it under this name, once for each connection. */
  readonly name?: string;
  /** Gives rows as arrays, in the order of the columns. */
  readonly rowMode?: 'array';
}

/**
 * What pg answers to a statement.
 *
 * @public
 */
export interface PgResult<Result> {
  /** By column name, or as arrays. */
  readonly rows: Result[];
  /** Rows returned or changed; null for statements that count none. */
  readonly rowCount: number | null;
  /** The command's tag, such as `UPDATE`. */
  readonly command: string;
  /** The columns, with the ids of their types. */
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

/**
 * As much of pg's client as libraries ask for that were written for it, pgtyped for instance.
 *
 * @public
 */
export interface PgClient {
  /**
   * Runs one statement, in the ambient transaction where there is one.
   *
   * @throws {@link DatabaseError} that says what the server or the connection said
   */
  query<Result = Record<string, unknown>>(
    statement: string | PgStatement,
    values?: readonly unknown[],
  ): Promise<PgResult<Result>>;
}

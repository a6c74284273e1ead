import { InvalidOptionsError } from '../config/config.errors.js';
import { ValidationError } from '../errors/validation.error.js';
import { checkBatchSize, rowsOf, type StreamOptions } from './row-stream.js';
import { SqlIdentifier } from './sql-identifier.js';
import type { Row, SqlResult, SqlRunner } from './sql-executor.port.js';

const OPERATION = 'Database.sql';

/**
 * A statement, or a piece of one, whose values are parameters: what {@link Database.sql} gives.
 *
 * Awaiting it runs it and gives its rows, each time anew; as a value of another `sql` it becomes a part of that one. It belongs
 * to the transaction that it is made in: awaited after its end, it is refused. Made outside of any, it runs where it is awaited.
 * Only the library makes them: an object that came out of `JSON.parse` is never one.
 *
 * @typeParam Result - what a row looks like; the caller's word, not checked
 *
 * @public
 */
export class Sql<Result extends object = Row> implements PromiseLike<Result[]> {
  /** One more than there are values. */
  readonly #texts: readonly string[];
  readonly #values: readonly unknown[];
  readonly #runner: SqlRunner;

  /** @internal */
  constructor(texts: readonly string[], values: readonly unknown[], runner: object) {
    this.#texts = texts;
    this.#values = values;
    this.#runner = runner as SqlRunner;
  }

  /**
   * Whether a value is one, which is not a question of its shape.
   *
   * @internal
   */
  static is(value: unknown): value is Sql {
    return typeof value === 'object' && value !== null && #texts in value;
  }

  /**
   * Its texts, one more than there are values, and the values between them.
   *
   * @internal
   */
  get pieces(): { readonly texts: readonly string[]; readonly values: readonly unknown[] } {
    return { texts: this.#texts, values: this.#values };
  }

  /** The text with `$1`, `$2`, … and the values that belong there. */
  toSql(): { readonly sql: string; readonly values: readonly unknown[] } {
    return { sql: this.#texts.reduce((sql, text, index) => `${sql}$${index}${text}`), values: this.#values };
  }

  /**
   * Runs it, and says how many rows were returned or changed; null for statements that count none.
   *
   * @throws {@link ValidationError} for a value that cannot be a parameter; nothing was sent
   * @throws {@link DatabaseError} that says what the server or the connection said
   */
  async execute(): Promise<{ readonly rows: Result[]; readonly rowCount: number | null }> {
    const result: SqlResult = await this.#runner.execute({ ...this.toSql(), operation: OPERATION });
    return { rows: result.rows as Result[], rowCount: result.rowCount };
  }

  /** Runs it and gives its first row; null when there is none. */
  async first(): Promise<Result | null> {
    const { rows } = await this.execute();
    return rows[0] ?? null;
  }

  /** Reads its rows one by one, with one batch of them in memory: see {@link Database.stream}. */
  stream(options?: StreamOptions): AsyncIterableIterator<Result> {
    const batchSize = checkBatchSize(options);
    return rowsOf<Result>(this.#runner.stream({ ...this.toSql(), operation: OPERATION }, { batchSize }));
  }

  /** Runs it: what `await` calls. */
  then<Fulfilled = Result[], Rejected = never>(
    onFulfilled?: ((rows: Result[]) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    return this.execute()
      .then(({ rows }) => rows)
      .then(onFulfilled, onRejected);
  }
}

/**
 * Puts the texts of a template and its values together; pieces and identifiers among the values become part of the text.
 *
 * @throws {@link ValidationError} when the texts do not come from a template literal, or a value is undefined
 */
export function composeSql<Result extends object>(
  strings: TemplateStringsArray,
  values: readonly unknown[],
  runner: SqlRunner,
): Sql<Result> {
  // What JSON.parse makes has no `raw`, and is not frozen: a request cannot pose as the text of a statement.
  if (!Array.isArray(strings) || !Array.isArray(strings.raw) || !Object.isFrozen(strings)) {
    throw InvalidOptionsError.at(
      'Database',
      'sql',
      'is called as a function. Use it as the tag of a template: db.sql`SELECT …`. For a text of your own, call `query`.',
    );
  }
  const texts: readonly string[] = strings;
  const composition = new Composition(texts[0] ?? '');
  values.forEach((value, index) => {
    composition.addValue(value, `sql: value ${index + 1}`);
    composition.addText(texts[index + 1] ?? '');
  });
  return composition.toSql<Result>(runner);
}

/**
 * Joins values, pieces and identifiers, by a comma unless another piece is given.
 *
 * @throws {@link ValidationError} for an empty list, which no place in SQL can take
 */
export function joinSql(items: unknown, separator: unknown, runner: SqlRunner): Sql {
  if (!Array.isArray(items) || items.length === 0) {
    throw new ValidationError('items', 'is no list, or an empty one, which SQL has no text for.');
  }
  if (separator !== undefined && !Sql.is(separator)) {
    throw InvalidOptionsError.at('Database.list', 'separator', 'is no piece of SQL. Write it as sql` AND `.');
  }
  const composition = new Composition('');
  items.forEach((item, index) => {
    if (index > 0) {
      if (separator === undefined) composition.addText(', ');
      else composition.addValue(separator, 'separator');
    }
    composition.addValue(item, `items[${index}]`);
  });
  return composition.toSql(runner);
}

class Composition {
  private readonly texts: string[];
  private readonly values: unknown[] = [];

  constructor(first: string) {
    this.texts = [first];
  }

  addText(text: string): void {
    this.texts.push(`${this.texts.pop() ?? ''}${text}`);
  }

  addValue(value: unknown, path: string): void {
    if (SqlIdentifier.is(value)) {
      this.addText(value.toString());
    } else if (Sql.is(value)) {
      const { texts, values } = value.pieces;
      values.forEach((one, index) => {
        this.addText(texts[index] ?? '');
        this.addParameter(one);
      });
      this.addText(texts.at(-1) ?? '');
    } else if (value === undefined) {
      throw new ValidationError(path, 'is undefined. Give null for NULL, or leave the condition out.');
    } else {
      this.addParameter(value);
    }
  }

  toSql<Result extends object>(runner: SqlRunner): Sql<Result> {
    return new Sql<Result>(this.texts, this.values, runner);
  }

  private addParameter(value: unknown): void {
    this.values.push(value);
    this.texts.push('');
  }
}

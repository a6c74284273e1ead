import type { Kysely } from 'kysely';
import type { TransactionManager } from '../transaction/transaction-manager.js';
import type { TransactionOptions } from '../transaction/transaction.options.js';
import type { ModelCatalog } from './model-catalog.js';
import type { PgClient } from './pg-client.port.js';
import type { PageSettings } from './page-settings.js';
import type { QueryBuilder } from './builder/query-builder.js';
import { SelectBuilder } from './builder/select-builder.js';
import { createAmbientKysely } from './ambient-kysely.js';
import { checkBatchSize, rowsOf, type StreamOptions } from './row-stream.js';
import { SqlIdentifier } from './sql-identifier.js';
import type { Row, SqlExecutor } from './sql-executor.port.js';
import { composeSql, joinSql, type Sql } from './sql.js';

/** What the facade stands on. */
export interface DatabaseParts {
  readonly executor: SqlExecutor;
  readonly catalog: ModelCatalog;
  readonly transactions: TransactionManager;
  readonly warmUp: () => Promise<number>;
  readonly pages: PageSettings;
}

/**
 * {@link Database} by the tables it knows: the type of a named connection's, where it is injected.
 *
 * ```ts
 * constructor(@InjectDatabase('billing') private readonly db: TypedDatabase<BillingTables>) {}
 * ```
 *
 * @typeParam Tables - the rows by table, as prisma-kysely generates them
 *
 * @public
 */
export class TypedDatabase<Tables> {
  private readonly parts: DatabaseParts;
  private madeKysely: Kysely<Tables> | undefined;

  /**
   * Opaque, as the parts are no part of the public surface.
   *
   * @internal
   */
  constructor(parts: object) {
    this.parts = parts as DatabaseParts;
  }

  /**
   * Runs one statement; the text holds `$1`, `$2`, … where the values go, and never a value itself.
   *
   * @typeParam Result - what a row looks like; the caller's word, not checked
   * @throws {@link ValidationError} for a value that cannot be a parameter, and for more than 65 535 of them
   * @throws {@link DatabaseError} that says what the server or the connection said
   */
  async query<Result extends object = Row>(sql: string, values: readonly unknown[] = []): Promise<Result[]> {
    const { rows } = await this.parts.executor.execute({ sql, values, operation: 'Database.query' });
    return rows as Result[];
  }

  /**
   * Runs one statement and says how many rows it changed; 0 for one that counts none.
   *
   * @throws {@link ValidationError} for a value that cannot be a parameter, and for more than 65 535 of them
   * @throws {@link DatabaseError} that says what the server or the connection said
   */
  async execute(sql: string, values: readonly unknown[] = []): Promise<number> {
    const { rowCount } = await this.parts.executor.execute({ sql, values, operation: 'Database.execute' });
    return rowCount ?? 0;
  }

  /**
   * Reads the rows of one query one by one, over a cursor, with one batch of them in memory; the loop may end early.
   *
   * It holds a connection while it lasts: that of the ambient transaction, or one of the pool in a transaction of its own
   * that can only read. It belongs to the transaction that it is made in, wherever it is read, and is refused after its end;
   * made outside of any, it belongs to where it is first read.
   *
   * @throws {@link InvalidOptionsError} for a `batchSize` that is none, before anything is sent
   */
  stream<Result extends object = Row>(
    sql: string,
    values: readonly unknown[] = [],
    options?: StreamOptions,
  ): AsyncIterableIterator<Result> {
    const batchSize = checkBatchSize(options);
    return rowsOf<Result>(
      this.parts.executor.stream({ sql, values, operation: 'Database.stream' }, { batchSize }),
    );
  }

  /**
   * The tag of a template whose values become parameters, never text: ``db.sql`SELECT … WHERE id = ${id}` ``.
   *
   * Awaiting it runs it and gives the rows. Another `sql` among the values becomes a part of this one, and a name from
   * {@link Database.identifier} a name in it; everything else is a value, whatever it looks like.
   *
   * @typeParam Result - what a row looks like; the caller's word, not checked
   * @throws {@link ValidationError} for a value that is undefined
   * @throws {@link InvalidOptionsError} when it is not used as a tag
   */
  sql<Result extends object = Row>(
    strings: TemplateStringsArray,
    ...values: readonly unknown[]
  ): Sql<Result> {
    return composeSql<Result>(strings, values, this.parts.executor.here());
  }

  /**
   * A name for {@link Database.sql}, quoted: `db.identifier('product', 'name')` is `"product"."name"`.
   *
   * @throws {@link InvalidOptionsError} for an empty name, one with NUL, and one of more than 63 bytes
   */
  identifier(...names: readonly string[]): SqlIdentifier {
    return new SqlIdentifier(names, 'identifier');
  }

  /**
   * Several values, names or pieces for {@link Database.sql}, with commas between them or with `separator`.
   *
   * For a list of values, `= ANY(${values})` with the array itself takes one parameter instead of many.
   *
   * @throws {@link ValidationError} for an empty list
   * @throws {@link InvalidOptionsError} for a separator that is no piece of SQL
   */
  list(items: readonly unknown[], separator?: Sql): Sql {
    return joinSql(items, separator, this.parts.executor.here());
  }

  /**
   * A query put together by verbs: `db.getQueryBuilder().from('product').where('price_cents', '>', 500).get()`.
   *
   * Values are always parameters, names are always quoted, operators and directions come from a list; an update or a
   * delete without a condition is refused unless it says `.all()`.
   */
  getQueryBuilder(): QueryBuilder<Tables> {
    const { executor } = this.parts;
    const builder = { from: (source: unknown) => SelectBuilder.from(executor, source) };
    return builder as unknown as QueryBuilder<Tables>;
  }

  /**
   * Kysely over this connection, for what {@link Database.getQueryBuilder} does not say: it joins the ambient transaction
   * and gives the same values and errors. Its own transactions are refused, and it cannot be destroyed. A query belongs to
   * the transaction that it is begun in.
   */
  get kysely(): Kysely<Tables> {
    this.madeKysely ??= createAmbientKysely<Tables>(this.parts.executor);
    return this.madeKysely;
  }

  /**
   * For libraries that are handed a client of pg, such as pgtyped: it joins the ambient transaction, and borrows a
   * connection for each statement outside of one. Values come as pg gives them: int8 and numeric as texts.
   */
  get pg(): PgClient {
    return this.parts.executor.pg;
  }

  /**
   * Opens connections up to `pool.min` and sends a query on each, as at the start: before a wave of traffic that is
   * expected, or after a fail-over. Never rejects.
   *
   * @returns how many of them answered
   */
  warmUp(): Promise<number> {
    return this.parts.warmUp();
  }

  /** Runs `work` in a transaction: {@link TransactionManager.run} of this connection. */
  withTransaction<Result>(work: () => Promise<Result>, options?: TransactionOptions): Promise<Result> {
    return this.parts.transactions.run(work, options);
  }
}

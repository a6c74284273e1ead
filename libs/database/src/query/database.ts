import type { TransactionManager } from '../transaction/transaction-manager.js';
import type { TransactionOptions } from '../transaction/transaction.options.js';
import type { ModelCatalog } from './model-catalog.js';
import type { Row, SqlExecutor } from './sql-executor.port.js';

/** What the facade stands on. */
export interface DatabaseParts {
  readonly executor: SqlExecutor;
  readonly catalog: ModelCatalog;
  readonly transactions: TransactionManager;
  readonly warmUp: () => Promise<number>;
}

/**
 * SQL for what models cannot say, on the connection's own pool; it joins the ambient transaction.
 *
 * Values come back as Prisma gives them: int8 as bigint, numeric as Decimal, dates and timestamps as `Date` read as UTC,
 * bytea as `Uint8Array`.
 *
 * @public
 */
export class Database {
  private readonly parts: DatabaseParts;

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

/** What the library's own parts need of a connection beside its facade. */
export function partsOf(database: Database): DatabaseParts {
  // Private to its users, and not to the library.
  return database['parts'];
}

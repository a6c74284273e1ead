import type pg from 'pg';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import { translateError } from '../fault/translate-error.js';
import type { Row, SqlExecutor, SqlResult, SqlStatement } from '../query/sql-executor.port.js';
import { BorrowedConnection } from './borrowed-connection.js';
import type { DatabasePool } from './database-pool.js';
import { createRowTypes, type DecimalParser } from './row-types.js';
import type { TransactionQueryConfig } from './tracked-query.js';
import { encodeParameters, type DecimalTest } from './statement-parameters.js';

/** Where the statements go, and how values are read and written. */
export interface PoolSqlExecutorSettings {
  /** The connection of the transaction the caller runs in; undefined outside of any. */
  readonly ambient: () => unknown;
  readonly parseDecimal: DecimalParser;
  readonly isDecimal: DecimalTest;
}

/** A stream's own transaction: it lasts as long as its consumer takes, which the session's limit is not made for. */
const BEGIN_STREAM = ['BEGIN READ ONLY', 'SET LOCAL idle_in_transaction_session_timeout = 0'];

/** SQL over the pool and, inside of a transaction, over the connection that Prisma runs it on. */
export class PoolSqlExecutor implements SqlExecutor {
  private readonly types: pg.CustomTypesConfig;
  private cursors = 0;

  constructor(
    private readonly pool: DatabasePool,
    private readonly settings: PoolSqlExecutorSettings,
  ) {
    this.types = createRowTypes(settings.parseDecimal);
  }

  async execute(statement: SqlStatement): Promise<SqlResult> {
    const query = this.toQuery(statement.sql, statement.values);
    const ambient = this.ambientClient();
    try {
      const result = (await (ambient === undefined
        ? this.pool.query(query)
        : ambient.query(asPart(query)))) as pg.QueryResult<Row>;
      return { rows: result.rows, rowCount: result.rowCount };
    } catch (error) {
      throw this.translate(error, statement, ambient !== undefined);
    }
  }

  async *stream(
    statement: SqlStatement,
    { batchSize }: { readonly batchSize: number },
  ): AsyncGenerator<Row[], void> {
    const query = this.toQuery(statement.sql, statement.values);
    const ambient = this.ambientClient();
    try {
      if (ambient === undefined) yield* this.streamAlone(query, batchSize);
      else yield* this.readCursor(ambient, query, batchSize);
    } catch (error) {
      throw this.translate(error, { access: 'read', ...statement }, ambient !== undefined);
    }
  }

  private async *streamAlone(query: pg.QueryConfig, batchSize: number): AsyncGenerator<Row[], void> {
    const client = await this.pool.connect();
    try {
      for (const statement of BEGIN_STREAM) await client.query(statement);
      yield* this.readCursor(client, query, batchSize);
    } finally {
      // Nothing was written; a session that cannot even roll back is not taken back by the pool.
      await client.query('ROLLBACK').catch(() => undefined);
      client.release();
    }
  }

  /**
   * Over a cursor of SQL, and not of the protocol: between two batches the session is free for the statements of the
   * consumer, who may write to the same transaction while reading.
   */
  private async *readCursor(
    client: pg.PoolClient,
    { text, ...query }: pg.QueryConfig,
    batchSize: number,
  ): AsyncGenerator<Row[], void> {
    this.cursors += 1;
    const name = `nestjs_database_${this.cursors}`;
    await client.query(asPart({ ...query, text: `DECLARE ${name} NO SCROLL CURSOR FOR ${text}` }));
    let open = true;
    try {
      for (;;) {
        const { rows } = await client.query<Row>(
          asPart({ text: `FETCH ${batchSize} FROM ${name}`, types: this.types }),
        );
        if (rows.length > 0) yield rows;
        if (rows.length < batchSize) return;
      }
    } catch (error) {
      // The failure of a FETCH has ended the transaction, and the cursor with it.
      open = false;
      throw error;
    } finally {
      if (open) await client.query(`CLOSE ${name}`).catch(() => undefined);
    }
  }

  /** The extended protocol in any case: without parameters the driver would take several statements in one text. */
  private toQuery(text: string, values: readonly unknown[]): pg.QueryConfig {
    const parameters = encodeParameters(values, this.settings.isDecimal);
    return { text, values: parameters, types: this.types, queryMode: 'extended' } as pg.QueryConfig;
  }

  /** @throws {@link TransactionScopeClosedError} when the connection of the caller's transaction was given back */
  private ambientClient(): pg.PoolClient | undefined {
    const connection = this.settings.ambient();
    if (!(connection instanceof BorrowedConnection)) return undefined;
    if (connection.client === undefined) throw new TransactionScopeClosedError();
    return connection.client;
  }

  private translate(
    error: unknown,
    { operation, access = 'write', fieldsOf }: Omit<SqlStatement, 'sql' | 'values'>,
    inTransaction: boolean,
  ): Error {
    return translateError(error, {
      operation,
      access,
      inTransaction,
      target: this.pool.target,
      ...(fieldsOf !== undefined && { fieldsOf }),
    });
  }
}

/** A part of a transaction is nothing without it: after a ROLLBACK it would be carried out on its own. */
function asPart(query: pg.QueryConfig): pg.QueryConfig {
  return { ...query, transactionOnly: true } as TransactionQueryConfig;
}

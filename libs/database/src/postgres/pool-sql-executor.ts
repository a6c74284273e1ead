import type pg from 'pg';
import { InvalidOptionsError } from '../config/config.errors.js';
import { translateError } from '../fault/translate-error.js';
import type { PgClient, PgResult, PgStatement } from '../query/pg-client.port.js';
import type { Row, SqlExecutor, SqlResult, SqlStatement } from '../query/sql-executor.port.js';
import type { DatabasePool } from './database-pool.js';
import { createRowTypes, type DecimalParser } from './row-types.js';
import { TransactionConnection } from './transaction-connection.js';
import { encodeParameters, type DecimalTest } from './statement-parameters.js';

/** A transaction as the executor needs it. */
export interface AmbientTransaction {
  readonly session: unknown;
  /**
   * Resolves when an inner part has ended, whose savepoint a statement would fall into; undefined where it would not.
   *
   * @throws what has ended the transaction meanwhile
   */
  readonly wait: (() => Promise<void>) | undefined;
}

/** What a statement is called when it fails. */
type Described = Omit<SqlStatement, 'sql' | 'values'>;

/** Whatever takes a statement. */
interface Receiver {
  query(config: pg.QueryConfig): Promise<pg.QueryResult | pg.QueryArrayResult>;
}

/** Where the statements go, and how values are read and written. */
export interface PoolSqlExecutorSettings {
  /** The transaction the caller runs in; undefined outside of any. */
  readonly ambient: () => AmbientTransaction | undefined;
  readonly parseDecimal: DecimalParser;
  readonly isDecimal: DecimalTest;
}

/** A stream's own transaction: it lasts as long as its consumer takes, which the session's limit is not made for. */
const BEGIN_STREAM = ['BEGIN READ ONLY', 'SET LOCAL idle_in_transaction_session_timeout = 0'];

/** SQL over the pool and, inside of a transaction, over the connection that Prisma runs it on. */
export class PoolSqlExecutor implements SqlExecutor {
  readonly pg: PgClient = {
    query: async <Result>(statement: string | PgStatement, values?: readonly unknown[]) => {
      const { text, name, rowMode, ...given }: PgStatement =
        typeof statement === 'string' ? { text: statement } : statement;
      if (typeof text !== 'string') throw InvalidOptionsError.at('Database.pg.query', 'text', 'is no text.');
      const parameters = [...(values ?? given.values ?? [])];
      const query = { text, name, rowMode, values: parameters, queryMode: 'extended' } as pg.QueryConfig;
      return (await this.send(query, { operation: 'Database.pg.query' })) as unknown as PgResult<Result>;
    },
  };
  private readonly types: pg.CustomTypesConfig;
  private cursors = 0;

  constructor(
    private readonly pool: DatabasePool,
    private readonly settings: PoolSqlExecutorSettings,
  ) {
    this.types = createRowTypes(settings.parseDecimal);
  }

  async execute(statement: SqlStatement): Promise<SqlResult> {
    const { rows, rowCount } = await this.send(this.toQuery(statement.sql, statement.values), statement);
    return { rows, rowCount };
  }

  private async send(query: pg.QueryConfig, described: Described): Promise<pg.QueryResult<Row>> {
    const ambient = this.ambientSession();
    try {
      // Not awaited where it is at hand: a savepoint that is begun next would come in between.
      const receiver: Receiver = ambient instanceof Promise ? await ambient : (ambient ?? this.pool);
      return (await receiver.query(query)) as pg.QueryResult<Row>;
    } catch (error) {
      throw this.translate(error, described, ambient !== undefined);
    }
  }

  async *stream(
    statement: SqlStatement,
    { batchSize }: { readonly batchSize: number },
  ): AsyncGenerator<Row[], void> {
    const query = this.toQuery(statement.sql, statement.values);
    const ambient = this.ambientSession();
    try {
      if (ambient === undefined) yield* this.streamAlone(query, batchSize);
      else yield* this.readCursor(await ambient, query, batchSize);
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
    client: Receiver,
    { text, ...query }: pg.QueryConfig,
    batchSize: number,
  ): AsyncGenerator<Row[], void> {
    this.cursors += 1;
    const name = `nestjs_database_${this.cursors}`;
    await client.query({ ...query, text: `DECLARE ${name} NO SCROLL CURSOR FOR ${text}` });
    let open = true;
    try {
      for (;;) {
        const fetch = { text: `FETCH ${batchSize} FROM ${name}`, types: this.types };
        const { rows } = (await client.query(fetch)) as pg.QueryResult<Row>;
        if (rows.length > 0) yield rows;
        if (rows.length < batchSize) return;
      }
    } catch (error) {
      // The failure of a FETCH has ended the transaction, and the cursor with it.
      open = false;
      throw error;
    } finally {
      if (open) await client.query({ text: `CLOSE ${name}` }).catch(() => undefined);
    }
  }

  /** The extended protocol in any case: without parameters the driver would take several statements in one text. */
  private toQuery(text: string, values: readonly unknown[]): pg.QueryConfig {
    const parameters = encodeParameters(values, this.settings.isDecimal);
    return { text, values: parameters, types: this.types, queryMode: 'extended' } as pg.QueryConfig;
  }

  /** Asked before anything is awaited, while the caller's context is certain; a promise only where it has to wait. */
  private ambientSession(): TransactionConnection | Promise<TransactionConnection> | undefined {
    const transaction = this.settings.ambient();
    if (transaction === undefined) return undefined;
    const { session } = transaction;
    if (!(session instanceof TransactionConnection)) return undefined;
    return transaction.wait === undefined ? session : transaction.wait().then(() => session);
  }

  private translate(
    error: unknown,
    { operation, access = 'write', fieldsOf }: Described,
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

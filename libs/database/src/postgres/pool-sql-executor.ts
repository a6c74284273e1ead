import type pg from 'pg';
import { InvalidOptionsError } from '../config/config.errors.js';
import { translateError } from '../fault/translate-error.js';
import type { PgClient, PgResult, PgStatement } from '../query/pg-client.port.js';
import type {
  PlacedSqlRunner,
  Row,
  SqlExecutor,
  SqlResult,
  SqlStatement,
} from '../query/sql-executor.port.js';
import type { PreparedConfig } from './database-client.js';
import type { DatabasePool } from './database-pool.js';
import { isUnknownName } from './named-statements.js';
import { createRowTypes, type DecimalParser } from './row-types.js';
import {
  sendIn,
  type Answer,
  type FindTransaction,
  type Send,
  type StatementOrigin,
} from './statement-route.js';
import { encodeParameters, type DecimalTest } from './statement-parameters.js';

/** What a statement is called when it fails. */
type Described = Omit<SqlStatement, 'sql' | 'values'>;

interface StreamSettings {
  readonly batchSize: number;
}

/** Where the statements go, and how values are read and written. */
export interface PoolSqlExecutorSettings {
  /**
   * The transaction the caller runs in; undefined outside of any.
   *
   * @throws {@link TransactionScopeClosedError} when it has ended
   */
  readonly ambient: FindTransaction;
  /** Where the caller stands, in a transaction that may have ended; undefined outside of any. */
  readonly origin: () => StatementOrigin | undefined;
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
      const result = await this.send(this.settings.ambient, query, { operation: 'Database.pg.query' });
      return result as unknown as PgResult<Result>;
    },
  };
  readonly place = undefined;
  private readonly types: pg.CustomTypesConfig;
  private cursors = 0;

  constructor(
    private readonly pool: DatabasePool,
    private readonly settings: PoolSqlExecutorSettings,
  ) {
    this.types = createRowTypes(settings.parseDecimal);
  }

  execute(statement: SqlStatement): Promise<SqlResult> {
    return this.executeFrom(this.settings.ambient, statement);
  }

  stream(statement: SqlStatement, options: StreamSettings): AsyncGenerator<Row[], void> {
    return this.streamFrom(this.settings.origin(), statement, options);
  }

  here(): PlacedSqlRunner {
    const origin = this.settings.origin();
    return origin === undefined ? this : new RunnerOfPlace(this, origin);
  }

  /** @param find - asked before anything is awaited, while the caller's context is certain */
  async executeFrom(find: FindTransaction, statement: SqlStatement): Promise<SqlResult> {
    const { rows, rowCount } = await this.send(
      find,
      this.toQuery(statement.sql, statement.values, statement.prepared),
      statement,
    );
    return { rows, rowCount };
  }

  private async send(
    find: FindTransaction,
    query: PreparedConfig,
    described: Described,
  ): Promise<pg.QueryResult<Row>> {
    const transaction = find();
    try {
      const answer: Promise<Answer> =
        transaction === undefined ? this.sendAlone(query) : sendIn(transaction, find, query);
      return (await answer) as pg.QueryResult<Row>;
    } catch (error) {
      throw this.translate(error, described, transaction !== undefined);
    }
  }

  /** Where a session has forgotten its plan unseen, as behind a pooler that nobody has named, it goes without one. */
  private async sendAlone(query: PreparedConfig): Promise<Answer> {
    const send = (config: PreparedConfig) => this.pool.query(config) as Promise<Answer>;
    if (query.prepared !== true) return await send(query);
    try {
      return await send(query);
    } catch (error) {
      if (!isUnknownName(error)) throw error;
      return await send({ ...query, prepared: false });
    }
  }

  async *streamFrom(
    made: StatementOrigin | undefined,
    statement: SqlStatement,
    { batchSize }: StreamSettings,
  ): AsyncGenerator<Row[], void> {
    const query = this.toQuery(statement.sql, statement.values);
    // The cursor lies where it is declared: that part of the transaction is its own.
    const origin = made === undefined ? this.settings.origin() : made.here();
    try {
      if (origin === undefined) yield* this.streamAlone(query, batchSize);
      else yield* this.readCursor(sendingFrom(origin), query, batchSize);
    } catch (error) {
      throw this.translate(error, { access: 'read', ...statement }, origin !== undefined);
    }
  }

  private async *streamAlone(query: pg.QueryConfig, batchSize: number): AsyncGenerator<Row[], void> {
    const client = await this.pool.connect();
    try {
      for (const statement of BEGIN_STREAM) await client.query(statement);
      yield* this.readCursor((config) => client.query(config), query, batchSize);
    } finally {
      // Nothing was written; a session that cannot even roll back is not taken back by the pool.
      await client.query('ROLLBACK').catch(() => undefined);
      client.release();
    }
  }

  /**
   * Over a cursor of SQL, and not of the protocol: between two batches the session is free for the statements of the
   * consumer, who may write to the same transaction while reading.
   *
   * @param send - refuses what comes after the end of the part that the cursor lies in, which would spoil what is around it
   */
  private async *readCursor(
    send: Send,
    { text, ...query }: pg.QueryConfig,
    batchSize: number,
  ): AsyncGenerator<Row[], void> {
    this.cursors += 1;
    const name = `nestjs_database_${this.cursors}`;
    await send({ ...query, text: `DECLARE ${name} NO SCROLL CURSOR FOR ${text}` });
    let open = true;
    try {
      for (;;) {
        const fetch = { text: `FETCH ${batchSize} FROM ${name}`, types: this.types };
        const { rows } = (await send(fetch)) as pg.QueryResult<Row>;
        if (rows.length > 0) yield rows;
        if (rows.length < batchSize) return;
      }
    } catch (error) {
      // It has ended the transaction, and the cursor with it, or is not of this part any more.
      open = false;
      throw error;
    } finally {
      if (open) await send({ text: `CLOSE ${name}` }).catch(() => undefined);
    }
  }

  /** The extended protocol in any case: without parameters the driver would take several statements in one text. */
  private toQuery(text: string, values: readonly unknown[], prepared?: boolean): PreparedConfig {
    const parameters = encodeParameters(values, this.settings.isDecimal);
    return { text, values: parameters, types: this.types, queryMode: 'extended', prepared } as PreparedConfig;
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

/** Of one place in a transaction. */
class RunnerOfPlace implements PlacedSqlRunner {
  constructor(
    private readonly executor: PoolSqlExecutor,
    private readonly origin: StatementOrigin,
  ) {}

  get place(): object {
    return this.origin.key;
  }

  execute(statement: SqlStatement): Promise<SqlResult> {
    return this.executor.executeFrom(() => this.origin.open(), statement);
  }

  stream(statement: SqlStatement, options: StreamSettings): AsyncGenerator<Row[], void> {
    return this.executor.streamFrom(this.origin, statement, options);
  }
}

function sendingFrom(origin: StatementOrigin): Send {
  const find = () => origin.open();
  return async (config) => await sendIn(find(), find, config);
}

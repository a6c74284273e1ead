import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  QueryResult,
} from 'kysely';
import { InvalidOptionsError } from '../config/config.errors.js';
import { kysely } from './kysely-module.js';
import { checkBatchSize } from './row-stream.js';
import type { SqlRunner } from './sql-executor.port.js';

const OPERATION = 'Database.kysely';

/** The statements whose row count says how many rows they changed. */
const WRITES: readonly string[] = ['InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode', 'MergeQueryNode'];

/** Lets Kysely run its statements where all others of the connection run: in the ambient transaction, or on the pool. */
export class AmbientDialect implements Dialect {
  constructor(private readonly executor: SqlRunner) {}

  createDriver(): Driver {
    return new AmbientDriver(this.executor);
  }

  createQueryCompiler(): QueryCompiler {
    return new (kysely().PostgresQueryCompiler)();
  }

  createAdapter(): DialectAdapter {
    return new (kysely().PostgresAdapter)();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new (kysely().PostgresIntrospector)(db);
  }
}

/** Holds no connection: each statement asks the executor for its own. */
class AmbientDriver implements Driver {
  constructor(private readonly executor: SqlRunner) {}

  async init(): Promise<void> {
    // The pool opens by itself.
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new AmbientConnection(this.executor);
  }

  async releaseConnection(): Promise<void> {
    // Nothing was taken.
  }

  async beginTransaction(): Promise<never> {
    return refuse(
      'transaction',
      'would run beside the ambient transaction. Use `TransactionManager.run` or `Database.withTransaction`: statements of `db.kysely` inside of it belong to that transaction.',
    );
  }

  async commitTransaction(): Promise<never> {
    return await this.beginTransaction();
  }

  async rollbackTransaction(): Promise<never> {
    return await this.beginTransaction();
  }

  async destroy(): Promise<never> {
    return refuse('destroy', 'would end what others use. The pool closes with the application.');
  }
}

class AmbientConnection implements DatabaseConnection {
  constructor(private readonly executor: SqlRunner) {}

  async executeQuery<Result>(query: CompiledQuery): Promise<QueryResult<Result>> {
    const { rows, rowCount } = await this.executor.execute({
      sql: query.sql,
      values: query.parameters,
      operation: OPERATION,
    });
    const changes = rowCount !== null && WRITES.includes(query.query.kind);
    return { rows: rows as Result[], ...(changes && { numAffectedRows: BigInt(rowCount) }) };
  }

  async *streamQuery<Result>(
    { sql, parameters }: CompiledQuery,
    batchSize?: number,
  ): AsyncIterableIterator<QueryResult<Result>> {
    const options = { batchSize: checkBatchSize(batchSize === undefined ? {} : { batchSize }) };
    const batches = this.executor.stream({ sql, values: parameters, operation: OPERATION }, options);
    for await (const rows of batches) yield { rows: rows as Result[] };
  }
}

function refuse(member: string, problem: string): never {
  throw InvalidOptionsError.at('Database.kysely', member, problem);
}

import { messageValues } from '../../outbox/message-clause.js';
import type { SqlExecutor } from '../../query/sql-executor.port.js';
import type { TransactionManager } from '../../transaction/transaction-manager.js';
import type { SagaNews, SagaOutbox } from '../saga-outbox.js';
import { operatorSql, type OperatorSql } from './operator-sql.js';

/** What a statement of an operator was about. */
interface Touched {
  readonly id: string;
  readonly version: number;
  /** False where nothing has changed. */
  readonly isNew?: boolean;
}

/** What those who look after sagas change of them; in their transaction, where they have one. */
export class OperatorStore {
  private readonly quiet: OperatorSql;
  private readonly telling: OperatorSql;

  constructor(
    private readonly executor: SqlExecutor,
    private readonly transactions: TransactionManager,
    schema: string,
    /** Undefined: nobody is told. */
    private readonly outbox: SagaOutbox | undefined,
  ) {
    this.quiet = operatorSql(schema, false);
    this.telling = operatorSql(schema, true);
  }

  /** @returns whether there was a running one */
  cancel(name: string, key: string): Promise<boolean> {
    return this.change('cancel', [name, key], { event: 'cancel-requested', state: 'running' });
  }

  /** @returns whether there was a dead one */
  retry(
    name: string,
    key: string,
    to: 'running' | 'compensating',
    note: string | undefined,
  ): Promise<boolean> {
    return this.change('retry', [name, key, to, note ?? null], { event: 'retried', state: to });
  }

  /** @returns whether there was a dead one */
  resolve(name: string, key: string, note: string): Promise<boolean> {
    return this.change('resolve', [name, key, note], { event: 'resolved', state: 'compensated' });
  }

  private async change(
    what: keyof OperatorSql,
    values: readonly [string, string, ...(string | null)[]],
    news: SagaNews,
  ): Promise<boolean> {
    const { outbox, quiet, telling } = this;
    const [name, key] = values;
    if (outbox === undefined) return (await this.run(quiet[what], values)) !== undefined;
    if (this.transactions.isActive()) {
      // The lock of the saga's events is held for the COMMIT alone, however long the caller's transaction is.
      const touched = await this.run(quiet[what], values);
      if (touched !== undefined && touched.isNew !== false)
        outbox.add(outbox.message({ name, key, id: touched.id, version: touched.version }, news));
      return touched !== undefined;
    }
    const message = outbox.message({ name, key }, news);
    outbox.writing(message);
    const touched = await this.run(telling[what], [...values, ...messageValues(message)]);
    if (touched !== undefined && touched.isNew !== false) outbox.written(message);
    return touched !== undefined;
  }

  private async run(sql: string, values: readonly unknown[]): Promise<Touched | undefined> {
    const { rows } = await this.executor.execute({ sql, values, operation: 'SagaService' });
    return rows[0] as Touched | undefined;
  }
}

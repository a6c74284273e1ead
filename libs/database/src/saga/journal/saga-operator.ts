import type { RegisteredSaga, RetryDeadOptions, SagaFilter, SagaSnapshot } from '../saga-engine.port.js';
import { directionOfRetry, refuseLiving } from '../saga-retry.js';
import { SagaNotFoundError, SagaStateError } from '../saga.errors.js';
import type { OperatorStore } from './operator-store.js';
import { toRecord, toSnapshot, type SagaRow } from './saga-row.js';
import type { SagaStore } from './saga-store.js';

/** What those who look after sagas need. */
export interface OperatorHost {
  readonly store: SagaStore;
  readonly changes: OperatorStore;
  /** By name and version. */
  readonly sagas: ReadonlyMap<string, RegisteredSaga>;
  /** With the caller's transaction, where there is one: a saga is to go on. */
  due(): void;
  /** With the caller's transaction, where there is one: those who run a saga, or wait for it, are to look. */
  news(): void;
}

/** Shows sagas, and does what people want of them. */
export class SagaOperator {
  constructor(private readonly host: OperatorHost) {}

  async get(name: string, key: string): Promise<SagaSnapshot | null> {
    const row = await this.host.store.find(name, key);
    return row === undefined ? null : this.snapshot(row);
  }

  async list(filter: SagaFilter): Promise<SagaSnapshot[]> {
    const rows = await this.host.store.list(filter, [...this.host.sagas.values()]);
    return rows.map((row) => this.snapshot(row));
  }

  async cancel(name: string, key: string): Promise<boolean> {
    const found = await this.host.changes.cancel(name, key);
    this.host.news();
    return found;
  }

  async retryDead(name: string, key: string, options: RetryDeadOptions): Promise<void> {
    const row = await this.found(name, key);
    const saga = this.definitionOf(row);
    if (saga === undefined) {
      const reason = `this instance has no definition of it with the version ${row.version} and the steps it was begun with. Ask one that has.`;
      throw new SagaStateError(name, key, reason);
    }
    const to = directionOfRetry(toRecord(row), saga.plan, options);
    if (!(await this.host.changes.retry(name, key, to, options.note)))
      await this.retryDead(name, key, options);
    this.host.due();
  }

  async resolveDead(name: string, key: string, note: string): Promise<void> {
    refuseLiving(toRecord(await this.found(name, key)));
    if (!(await this.host.changes.resolve(name, key, note))) await this.resolveDead(name, key, note);
    this.host.news();
  }

  private async found(name: string, key: string): Promise<SagaRow> {
    const row = await this.host.store.find(name, key);
    if (row === undefined) throw new SagaNotFoundError(name, key);
    return row;
  }

  private snapshot(row: SagaRow): SagaSnapshot {
    return toSnapshot(row, (each) => this.definitionOf(each) !== undefined);
  }

  /** Undefined as well where its steps are others here. */
  private definitionOf({ name, version, fingerprint }: SagaRow): RegisteredSaga | undefined {
    const saga = this.host.sagas.get(`${name} ${version}`);
    return saga?.fingerprint === fingerprint ? saga : undefined;
  }
}

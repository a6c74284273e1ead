import { randomUUID } from 'node:crypto';
import { withDeadline } from '../../common/deadline.js';
import { OwnContext } from '../../common/own-context.js';
import { ShuttingDownError } from '../../errors/connection.errors.js';
import { partsOf } from '../../query/database.js';
import { isOutOfReach } from '../error-record.js';
import { outcomeOf } from '../saga-failure.js';
import type {
  RegisteredSaga,
  RetryDeadOptions,
  SagaCapabilities,
  SagaEngine,
  SagaFilter,
  SagaHost,
  SagaRequest,
  SagaSnapshot,
} from '../saga-engine.port.js';
import { SagaAbandonedError, type SagaRecord } from '../saga-journal.port.js';
import { SagaProgress } from '../saga-progress.js';
import type { ResolvedPostgresSagaOptions } from '../postgres-saga.options.js';
import { SagaOutbox } from '../saga-outbox.js';
import { SagaDefinitionChangedError, SagaInTransactionError, SagaNotFoundError } from '../saga.errors.js';
import { OperatorStore } from './operator-store.js';
import { SagaCreation } from './saga-creation.js';
import { SagaDriver } from './saga-driver.js';
import { SagaOperator } from './saga-operator.js';
import { SagaStore } from './saga-store.js';
import { SagaSweeper } from './saga-sweeper.js';
import { SagaWaiters } from './saga-waiters.js';

/** There is work: for those who look for it. */
const DUE = 'nestjs_database_saga_due';
/** Something has ended, or is to be cancelled: for those who wait, and for those who run it. */
const NEWS = 'nestjs_database_saga_news';

/** Sagas in the application's own database: the journal in the transactions of the steps, a lease for whoever runs them. */
export class PostgresSagaEngine implements SagaEngine {
  readonly capabilities: SagaCapabilities = {
    durable: true,
    exactlyOnceSteps: true,
    sharedKeys: true,
    joinsTransactions: true,
    keepsContext: true,
    retention: true,
    events: true,
  };
  private readonly store: SagaStore;
  private readonly creation: SagaCreation;
  private readonly operator: SagaOperator;
  private readonly driver: SagaDriver;
  private readonly waiters: SagaWaiters;
  private readonly sagas = new Map<string, RegisteredSaga>();
  private readonly ownContext = new OwnContext();
  private sweeper: SagaSweeper | undefined;
  private readonly listening: (() => void)[] = [];
  private checked: Promise<void> | undefined;
  private stopped: ShuttingDownError | undefined;
  constructor(
    private readonly host: SagaHost,
    private readonly options: ResolvedPostgresSagaOptions,
  ) {
    const { connection, transactions, context, librarySchema } = host;
    const { leaseMs, pollMs } = options;
    const { executor } = partsOf(host.db);
    const outbox = host.events && new SagaOutbox(host.events.outbox, host.events.topic);
    this.store = new SagaStore(executor, librarySchema, randomUUID(), leaseMs, outbox);
    this.creation = new SagaCreation(this.store, transactions, context, outbox);
    this.operator = new SagaOperator({
      store: this.store,
      changes: new OperatorStore(executor, transactions, librarySchema, outbox),
      sagas: this.sagas,
      due: () => {
        this.afterwards(() => {
          this.announce();
        });
      },
      news: () => {
        this.afterwards(() => {
          this.host.notify(NEWS);
          void this.driver.beat();
        });
      },
    });
    this.driver = new SagaDriver({
      connection,
      transactions,
      context,
      leaseMs,
      store: this.store,
      outbox,
      definitionOf: (name, version) => this.definitionOf(name, version),
      settled: (id, record) => {
        this.waiters.settle(id, record);
      },
      left: () => {
        this.waiters.wake();
      },
      freed: () => {
        this.sweeper?.wake();
        host.notify(NEWS);
      },
      warn: (line) => {
        host.warn(line);
      },
    });
    this.waiters = new SagaWaiters(this.store, pollMs, (id) => this.driver.has(id));
  }

  async start(sagas: readonly RegisteredSaga[]): Promise<void> {
    for (const saga of sagas) this.sagas.set(`${saga.name} ${saga.version}`, saga);
    try {
      await this.ready();
    } catch (error) {
      // Who starts without a database gets to it later.
      if (!isOutOfReach(error, this.host.connection)) throw error;
    }
    if (sagas.length === 0) return;
    this.listening.push(
      this.host.listen(NEWS, () => {
        this.waiters.wake();
        void this.driver.beat();
      }),
    );
    if (!this.options.execute) return;
    const { host, store, driver } = this;
    this.sweeper = new SagaSweeper(
      {
        ...this.options,
        store,
        driver,
        connection: host.connection,
        ready: () => this.ready(),
        isClosing: () => host.isClosing(),
        warn: (line) => {
          host.warn(line);
        },
      },
      sagas,
    );
    const { sweeper } = this;
    this.listening.push(
      this.host.listen(DUE, () => {
        sweeper.wake();
      }),
    );
    sweeper.start();
  }

  async run(saga: RegisteredSaga, request: SagaRequest, signal: AbortSignal | undefined): Promise<unknown> {
    if (this.host.transactions.isActive()) throw new SagaInTransactionError(saga.name);
    this.refuseStopped();
    const created = this.creation.newSaga(saga, request);
    await this.ready();
    const heldUntil = performance.now() + this.options.leaseMs;
    const id = await this.creation.begin(created);
    const end = this.waiters.wait(id, signal);
    if (id === created.id) {
      const { name, deadlineMs = null } = saga;
      const input = created.input === null ? undefined : (JSON.parse(created.input) as unknown);
      const context = created.context === null ? null : (JSON.parse(created.context) as unknown);
      const record: SagaRecord = { name, key: request.key, input, state: 'running', entries: [] };
      new SagaProgress(record).at('created');
      const start = {
        id,
        fence: '1',
        saga,
        record,
        context,
        cancelled: false,
        leftMs: deadlineMs,
        heldUntil,
      };
      this.driver.begin(start);
    } else {
      // It may have ended long ago, and then nothing would tell of it.
      this.waiters.wake();
    }
    try {
      return outcomeOf(await end);
    } catch (error) {
      if (error instanceof SagaAbandonedError) throw new SagaNotFoundError(saga.name, request.key);
      throw error;
    }
  }

  async enqueue(saga: RegisteredSaga, request: SagaRequest): Promise<void> {
    this.refuseStopped();
    const created = this.creation.newSaga(saga, request);
    if (this.host.transactions.isActive()) this.creation.addToCommit(created);
    else {
      await this.ready();
      await this.creation.make(created);
    }
    this.afterwards(() => {
      this.announce();
    });
  }

  get(name: string, key: string): Promise<SagaSnapshot | null> {
    return this.operator.get(name, key);
  }

  list(filter: SagaFilter): Promise<SagaSnapshot[]> {
    return this.operator.list(filter);
  }

  cancel(name: string, key: string): Promise<boolean> {
    return this.operator.cancel(name, key);
  }

  retryDead(name: string, key: string, options: RetryDeadOptions): Promise<void> {
    return this.operator.retryDead(name, key, options);
  }

  resolveDead(name: string, key: string, note: string): Promise<void> {
    return this.operator.resolveDead(name, key, note);
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.stopped !== undefined) return;
    const began = performance.now();
    this.stopped = new ShuttingDownError({
      target: { kind: 'postgres', connection: this.host.connection },
    });
    for (const end of this.listening.splice(0)) end();
    const leftMs = () => Math.max(0, timeoutMs - (performance.now() - began));
    // A silent server answers neither who looks for sagas nor who looks for their ends.
    if (this.sweeper !== undefined) await withDeadline(this.sweeper.stop(), leftMs(), () => undefined);
    await this.driver.stop(leftMs());
    await withDeadline(this.waiters.close(this.stopped), leftMs(), () => undefined);
    if (this.sagas.size > 0) this.host.notify(DUE);
  }

  /** Refuses sagas whose steps have changed; asked until it is known. */
  private ready(): Promise<void> {
    this.checked ??= this.check().catch((error: unknown) => {
      this.checked = undefined;
      throw error;
    });
    return this.checked;
  }

  private async check(): Promise<void> {
    // Everybody who asks shares it: it belongs to nobody's transaction, and ends with nobody's signal.
    const changed = await this.ownContext.run(() => this.store.define([...this.sagas.values()]));
    if (changed.length > 0)
      throw new SagaDefinitionChangedError(changed.map(({ name, version }) => `${name} ${version}`));
  }

  private announce(): void {
    this.sweeper?.wake();
    this.host.notify(DUE);
  }

  /** With the caller's transaction where there is one: before its commit nobody would see anything. */
  private afterwards(tell: () => void): void {
    const { transactions } = this.host;
    if (transactions.isActive()) transactions.afterCommit(tell);
    else tell();
  }

  private definitionOf(name: string, version: number): RegisteredSaga {
    // Only what is known is claimed.
    return this.sagas.get(`${name} ${version}`)!;
  }

  private refuseStopped(): void {
    if (this.stopped !== undefined) throw this.stopped;
  }
}

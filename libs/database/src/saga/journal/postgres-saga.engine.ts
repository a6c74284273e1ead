import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { OwnContext } from '../../common/own-context.js';
import { readText } from '../../common/safe-read.js';
import { ShuttingDownError } from '../../errors/connection.errors.js';
import { OutcomeUnknownError } from '../../errors/outcome.errors.js';
import { partsOf } from '../../query/database.js';
import { addToCommit } from '../../transaction/commit-tail.js';
import type { CommitTail } from '../../transaction/tail-entry.js';
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
import { jsonOf } from '../saga-request.js';
import { directionOfRetry, refuseLiving } from '../saga-retry.js';
import {
  SagaDefinitionChangedError,
  SagaInTransactionError,
  SagaKeyConflictError,
  SagaNotFoundError,
  SagaStateError,
} from '../saga.errors.js';
import { SagaDriver } from './saga-driver.js';
import { toRecord, toSnapshot, type SagaRow } from './saga-row.js';
import { SagaStore, type NewSaga } from './saga-store.js';
import { SagaSweeper } from './saga-sweeper.js';
import { SagaWaiters } from './saga-waiters.js';

/** There is work: for those who look for it. */
const DUE = 'nestjs_database_saga_due';
/** Something has ended, or is to be cancelled: for those who wait, and for those who run it. */
const NEWS = 'nestjs_database_saga_news';
const CREATE_ATTEMPTS = 3;
const CREATE_PAUSE_MS = 100;

interface Enqueued extends NewSaga {
  /** Whether its own statements were reached: the last one that was is the one that failed. */
  reached: boolean;
}

/** Sagas in the application's own database: the journal in the transactions of the steps, a lease for whoever runs them. */
export class PostgresSagaEngine implements SagaEngine {
  readonly capabilities: SagaCapabilities = {
    durable: true,
    exactlyOnceSteps: true,
    sharedKeys: true,
    joinsTransactions: true,
    keepsContext: true,
    retention: true,
  };
  private readonly store: SagaStore;
  private readonly driver: SagaDriver;
  private readonly waiters: SagaWaiters;
  private readonly sagas = new Map<string, RegisteredSaga>();
  private readonly ownContext = new OwnContext();
  private sweeper: SagaSweeper | undefined;
  private readonly listening: (() => void)[] = [];
  private checked: Promise<void> | undefined;
  private stopped: ShuttingDownError | undefined;
  private readonly enqueuing: CommitTail<Enqueued> = {
    statements: (items) =>
      items.flatMap((item) => {
        const [insert, ...rest] = this.store.creationAtCommit(item);
        return [{ text: '', ...insert, onValue: () => (item.reached = true) }, ...rest];
      }),
    explain: (error, items) => {
      const isOurs =
        readText(error, 'table') === 'saga_lease' && readText(error, 'schema') === this.store.schema;
      const failed = items.findLast(({ reached }) => reached);
      if (!isOurs || failed === undefined) return undefined;
      return new SagaKeyConflictError(failed.saga.name, failed.key, { cause: error });
    },
  };

  constructor(
    private readonly host: SagaHost,
    private readonly options: ResolvedPostgresSagaOptions,
  ) {
    const { connection, transactions, context } = host;
    const { leaseMs, pollMs } = options;
    this.store = new SagaStore(partsOf(host.db).executor, host.librarySchema, randomUUID(), leaseMs);
    this.driver = new SagaDriver({
      connection,
      transactions,
      context,
      leaseMs,
      store: this.store,
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
    const created = this.newSaga(saga, request);
    await this.ready();
    const heldUntil = performance.now() + this.options.leaseMs;
    const id = await this.create(created);
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
    const { transactions } = this.host;
    const created: Enqueued = { ...this.newSaga(saga, request), reached: false };
    if (transactions.isActive()) {
      addToCommit(transactions, 'SagaService.enqueue', this.enqueuing, created);
      transactions.afterCommit(() => {
        this.announce();
      });
      return;
    }
    await this.ready();
    await this.make(created, false);
    this.announce();
  }

  async get(name: string, key: string): Promise<SagaSnapshot | null> {
    const row = await this.store.find(name, key);
    return row === undefined ? null : this.snapshot(row);
  }

  async list(filter: SagaFilter): Promise<SagaSnapshot[]> {
    const rows = await this.store.list(filter, [...this.sagas.values()]);
    return rows.map((row) => this.snapshot(row));
  }

  async cancel(name: string, key: string): Promise<boolean> {
    const found = await this.store.cancel(name, key);
    this.afterwards(() => {
      this.host.notify(NEWS);
      void this.driver.beat();
    });
    return found;
  }

  async retryDead(name: string, key: string, options: RetryDeadOptions): Promise<void> {
    const row = await this.found(name, key);
    const saga = this.sagas.get(`${row.name} ${row.version}`);
    if (saga?.fingerprint !== row.fingerprint) {
      const reason = `this instance has no definition of it with the version ${row.version} and the steps it was begun with. Ask one that has.`;
      throw new SagaStateError(name, key, reason);
    }
    const to = directionOfRetry(toRecord(row), saga.plan, options);
    if (!(await this.store.retry(name, key, to, options.note))) await this.retryDead(name, key, options);
    this.afterwards(() => {
      this.announce();
    });
  }

  async resolveDead(name: string, key: string, note: string): Promise<void> {
    refuseLiving(toRecord(await this.found(name, key)));
    if (!(await this.store.resolve(name, key, note))) await this.resolveDead(name, key, note);
    this.afterwards(() => {
      this.host.notify(NEWS);
    });
  }

  async stop(timeoutMs: number): Promise<void> {
    if (this.stopped !== undefined) return;
    this.stopped = new ShuttingDownError({
      target: { kind: 'postgres', connection: this.host.connection },
    });
    for (const end of this.listening.splice(0)) end();
    await this.sweeper?.stop();
    await this.driver.stop(timeoutMs);
    await this.waiters.close(this.stopped);
    if (this.sagas.size > 0) this.host.notify(DUE);
  }

  /** @returns the id of the saga with this key: the new one, or the one that has had it before */
  private async create(saga: NewSaga): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.make(saga, true);
      } catch (error) {
        // It may be there, with a lease of this instance: then it is found by its id.
        if (!(error instanceof OutcomeUnknownError) || attempt === CREATE_ATTEMPTS) throw error;
        await delay(attempt * CREATE_PAUSE_MS);
      }
    }
  }

  private async make(created: NewSaga, isOwn: boolean): Promise<string> {
    const { id, saga, key, input } = created;
    for (;;) {
      if (await this.store.create(created, isOwn)) return id;
      const existing = await this.store.existing(saga.name, key, input);
      if (existing?.same === false) throw new SagaKeyConflictError(saga.name, key);
      // Otherwise it was removed between the two.
      if (existing !== undefined) return existing.id;
    }
  }

  private newSaga(saga: RegisteredSaga, { key, input }: SagaRequest): NewSaga {
    return {
      id: randomUUID(),
      saga,
      key,
      input: jsonOf(input, 'input'),
      context: jsonOf(this.host.context?.capture(), 'context'),
    };
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

  private async found(name: string, key: string): Promise<SagaRow> {
    const row = await this.store.find(name, key);
    if (row === undefined) throw new SagaNotFoundError(name, key);
    return row;
  }

  private snapshot(row: SagaRow): SagaSnapshot {
    return toSnapshot(row, ({ name, version, fingerprint }) => {
      return this.sagas.get(`${name} ${version}`)?.fingerprint === fingerprint;
    });
  }

  private definitionOf(name: string, version: number): RegisteredSaga {
    // Only what is known is claimed.
    return this.sagas.get(`${name} ${version}`)!;
  }

  private refuseStopped(): void {
    if (this.stopped !== undefined) throw this.stopped;
  }
}

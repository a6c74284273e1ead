import { randomUUID } from 'node:crypto';
import { untilAborted } from '../common/abort.js';
import { withDeadline } from '../common/deadline.js';
import { OwnContext } from '../common/own-context.js';
import { ShuttingDownError } from '../errors/connection.errors.js';
import { EphemeralSaga } from './ephemeral-saga.js';
import type {
  RegisteredSaga,
  RetryDeadOptions,
  SagaCapabilities,
  SagaEngine,
  SagaEngineFactory,
  SagaFilter,
  SagaHost,
  SagaRequest,
  SagaSnapshot,
} from './saga-engine.port.js';
import { alarmOf, outcomeOf } from './saga-failure.js';
import type { SagaRecord } from './saga-journal.port.js';
import { SagaOrchestrator } from './saga-orchestrator.js';
import { jsonOf } from './saga-request.js';
import { directionOfRetry, refuseLiving } from './saga-retry.js';
import { isSettled } from './saga-state.js';
import { SagaInTransactionError, SagaKeyConflictError, SagaNotFoundError } from './saga.errors.js';

/** How many sagas that have ended are remembered, with their keys. */
const MAX_SETTLED = 1_000;

/**
 * Sagas in the memory of one process: for tests and scripts. A crash leaves them half done, and a key is one saga for this
 * process alone; of those that have ended the latest 1 000 are remembered.
 *
 * @public
 */
export function ephemeral(): SagaEngineFactory {
  return { name: 'ephemeral', needsTables: false, create: (host) => new EphemeralSagaEngine(host) };
}

class EphemeralSagaEngine implements SagaEngine {
  readonly capabilities: SagaCapabilities = {
    durable: false,
    exactlyOnceSteps: false,
    sharedKeys: false,
    joinsTransactions: true,
    keepsContext: true,
    // The latest are remembered, for however long.
    retention: false,
    events: false,
  };
  /** In the order in which they were begun. */
  private readonly sagas = new Map<string, EphemeralSaga>();
  private readonly ownContext = new OwnContext();
  private stopped: ShuttingDownError | undefined;

  constructor(private readonly host: SagaHost) {}

  start(): Promise<void> {
    return Promise.resolve();
  }

  async run(saga: RegisteredSaga, request: SagaRequest, signal: AbortSignal | undefined): Promise<unknown> {
    if (this.host.transactions.isActive()) throw new SagaInTransactionError(saga.name);
    const known = this.known(saga, request) ?? this.begin(this.make(saga, request));
    return outcomeOf(await untilAborted(known.end ?? known.load(), signal));
  }

  enqueue(saga: RegisteredSaga, request: SagaRequest): Promise<void> {
    return Promise.resolve().then(() => {
      if (this.known(saga, request) !== undefined) return;
      const made = this.make(saga, request);
      const { transactions } = this.host;
      if (!transactions.isActive()) this.begin(made);
      // Somebody else may have begun it meanwhile.
      else transactions.afterCommit(() => this.known(saga, request) ?? this.begin(made));
    });
  }

  async get(name: string, key: string): Promise<SagaSnapshot | null> {
    return (await this.sagas.get(idOf(name, key))?.snapshot()) ?? null;
  }

  async list({
    state,
    name,
    failedStep,
    idleForMs = 0,
    orphaned,
    limit = 100,
    after,
  }: SagaFilter): Promise<SagaSnapshot[]> {
    const all = await Promise.all([...this.sagas.values()].map((saga) => saga.snapshot()));
    const states = state === undefined ? undefined : [state].flat();
    const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
    return all
      .slice(from)
      .filter(
        (saga) =>
          orphaned !== true &&
          (states?.includes(saga.state) ?? true) &&
          (name === undefined || saga.name === name) &&
          (failedStep === undefined || saga.failedStep === failedStep) &&
          Date.now() - saga.updatedAt.getTime() >= idleForMs,
      )
      .slice(0, limit);
  }

  async cancel(name: string, key: string): Promise<boolean> {
    const saga = this.sagas.get(idOf(name, key));
    if (saga === undefined || (await saga.load()).state !== 'running') return false;
    saga.cancel();
    return true;
  }

  async retryDead(name: string, key: string, options: RetryDeadOptions): Promise<void> {
    const saga = this.found(name, key);
    await saga.revive(directionOfRetry(await saga.load(), saga.saga.plan, options), options.note);
    this.begin(saga);
  }

  async resolveDead(name: string, key: string, note: string): Promise<void> {
    const saga = this.found(name, key);
    refuseLiving(await saga.load());
    await saga.revive('compensated', note);
    saga.end = saga.load();
  }

  async stop(timeoutMs: number): Promise<void> {
    this.stopped ??= new ShuttingDownError({
      target: { kind: 'postgres', connection: this.host.connection },
    });
    const ends = Promise.allSettled([...this.sagas.values()].map(async ({ end }) => await end));
    await withDeadline(
      ends.then(() => undefined),
      timeoutMs,
      () => undefined,
    );
  }

  /** @throws {@link SagaKeyConflictError} */
  private known(saga: RegisteredSaga, { key, input }: SagaRequest): EphemeralSaga | undefined {
    if (this.stopped !== undefined) throw this.stopped;
    const known = this.sagas.get(idOf(saga.name, key));
    if (known !== undefined && sorted(known.input) !== sorted(jsonOf(input, 'input')))
      throw new SagaKeyConflictError(saga.name, key);
    return known;
  }

  private make(saga: RegisteredSaga, { key, input }: SagaRequest): EphemeralSaga {
    const { context, transactions } = this.host;
    const captured = context?.capture();
    return new EphemeralSaga(randomUUID(), saga, key, jsonOf(input, 'input'), captured, transactions);
  }

  private begin(saga: EphemeralSaga): EphemeralSaga {
    this.sagas.set(idOf(saga.saga.name, saga.key), saga);
    const { context } = this.host;
    const work = () => new SagaOrchestrator(saga.saga.plan, saga).run();
    saga.end = this.ownContext.run(async (): Promise<SagaRecord> => {
      const record = await (context === undefined ? work() : context.restore(saga.context, work));
      const alarm = alarmOf(record);
      if (alarm !== undefined) this.host.warn(alarm);
      await this.forget();
      return record;
    });
    // Nobody may wait for it.
    saga.end.catch(() => undefined);
    return saga;
  }

  private async forget(): Promise<void> {
    const settled: string[] = [];
    for (const [id, saga] of this.sagas) {
      const { state } = await saga.load();
      if (isSettled(state) && state !== 'dead') settled.push(id);
    }
    for (const id of settled.slice(0, Math.max(0, settled.length - MAX_SETTLED))) this.sagas.delete(id);
  }

  private found(name: string, key: string): EphemeralSaga {
    const saga = this.sagas.get(idOf(name, key));
    if (saga === undefined) throw new SagaNotFoundError(name, key);
    return saga;
  }
}

function idOf(name: string, key: string): string {
  return `${name} ${key}`;
}

/** The same for the same value, whatever the order of its properties. */
function sorted(json: string | null): string {
  if (json === null) return '';
  return JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : value,
  );
}

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { readText } from '../../common/safe-read.js';
import { OutcomeUnknownError } from '../../errors/outcome.errors.js';
import { addToCommit } from '../../transaction/commit-tail.js';
import type { CommitTail } from '../../transaction/tail-entry.js';
import type { TransactionManager } from '../../transaction/transaction-manager.js';
import type { OutboxRow } from '../../outbox/outbox-writer.js';
import type { RegisteredSaga, SagaContextCarrier, SagaRequest } from '../saga-engine.port.js';
import type { SagaOutbox } from '../saga-outbox.js';
import { jsonOf } from '../saga-request.js';
import { SagaKeyConflictError } from '../saga.errors.js';
import type { NewSaga, SagaStore } from './saga-store.js';

const ATTEMPTS = 3;
const PAUSE_MS = 100;

interface Enqueued extends NewSaga {
  /** Whether its own statements were reached: the last one that was is the one that failed. */
  reached: boolean;
  /** What the transaction tells of it; undefined where its key was known. */
  message: OutboxRow | undefined;
}

/** Records new sagas, one for each key. */
export class SagaCreation {
  private readonly enqueuing: CommitTail<Enqueued> = {
    statements: (items) =>
      items.flatMap((item) => {
        const [insert, ...rest] = this.store.creationAtCommit(item, (message) => (item.message = message));
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
    private readonly store: SagaStore,
    private readonly transactions: TransactionManager,
    private readonly context: SagaContextCarrier | undefined,
    private readonly outbox: SagaOutbox | undefined,
  ) {}

  /** @throws {@link ValidationError} for what cannot be kept */
  newSaga(saga: RegisteredSaga, { key, input }: SagaRequest): NewSaga {
    return {
      id: randomUUID(),
      saga,
      key,
      input: jsonOf(input, 'input'),
      context: jsonOf(this.context?.capture(), 'context'),
    };
  }

  /** With a lease of this instance. @returns the id of the saga with this key: the new one, or the one that has had it before */
  async begin(saga: NewSaga): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.make(saga, true);
      } catch (error) {
        // It may be there, with a lease of this instance: then it is found by its id.
        if (!(error instanceof OutcomeUnknownError) || attempt === ATTEMPTS) throw error;
        await delay(attempt * PAUSE_MS);
      }
    }
  }

  /** For whoever looks first. @returns as {@link begin} */
  async make(created: NewSaga, isOwn = false): Promise<string> {
    const { id, saga, key, input } = created;
    for (;;) {
      if (await this.store.create(created, isOwn)) return id;
      const existing = await this.store.existing(saga.name, key, input);
      if (existing?.same === false) throw new SagaKeyConflictError(saga.name, key);
      // Otherwise it was removed between the two.
      if (existing !== undefined) return existing.id;
    }
  }

  /** With the COMMIT of the caller's transaction. */
  addToCommit(created: NewSaga): void {
    const item: Enqueued = { ...created, reached: false, message: undefined };
    addToCommit(this.transactions, 'SagaService.enqueue', this.enqueuing, item);
    if (this.outbox === undefined) return;
    this.transactions.afterCommit(() => {
      if (item.message !== undefined) this.outbox?.written(item.message);
    });
  }
}

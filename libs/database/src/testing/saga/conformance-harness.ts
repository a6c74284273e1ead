import type { Type } from '@nestjs/common';
import type { SagaCapabilities, SagaContextCarrier } from '../../saga/saga-engine.port.js';
import type { SagaService } from '../../saga/saga.service.js';
import type { TransactionManager } from '../../transaction/transaction-manager.js';

/**
 * What is between an instance and its store, and can be broken.
 *
 * @public
 */
export interface ConformanceLine {
  /**
   * Breaks it, from this very moment on: nothing that is not sent yet may arrive.
   *
   * - `crash`: for good, as if the process had been killed. What is under way is lost, and new connections are refused.
   * - `away`: the same until {@link ConformanceLine.mend}, as if the store had gone.
   * - `stall`: nothing goes through, and nothing is lost, until {@link ConformanceLine.mend}, as if the process had been stopped.
   * - `lost-answer`: once. The next write to the journal arrives and is done, its answer is lost, and the connection with it.
   */
  break(how: 'crash' | 'away' | 'stall' | 'lost-answer'): void;
  /** Ends what was broken, but for a crash. */
  mend(): Promise<void>;
}

/**
 * What the `tx` steps of the suite write, in the caller's transaction.
 *
 * @public
 */
export interface ConformanceEffects {
  /** Adds a row; a second one with the same text is a second row. */
  write(effect: string): Promise<void>;
  /** Everything that is committed, whoever has written it, in the order in which it was written. */
  read(): Promise<readonly string[]>;
  /**
   * Has the database fail a statement of the caller's transaction, and rejects with that.
   *
   * @param why - `refused`: for good. `conflict`: as one that collides with another transaction (SQLSTATE 40001)
   */
  fail(why: 'refused' | 'conflict'): Promise<unknown>;
}

/**
 * An application with the engine that is checked.
 *
 * @public
 */
export interface ConformanceInstance {
  /** Of the application. */
  readonly sagas: SagaService;
  /** Of the application. */
  readonly transactions: TransactionManager;
  /** Left out: effects are kept in memory, and are there once their transaction is committed. */
  readonly effects?: ConformanceEffects | undefined;
  /** Needed for an engine that says of itself that it is `durable`. */
  readonly line?: ConformanceLine | undefined;
  /** Ends the application in good order; of a crashed one, whatever is left of it. */
  close(): Promise<void>;
}

/**
 * What an application is wanted like.
 *
 * @public
 */
export interface ConformanceInstanceOptions {
  /** Its sagas: classes with `@Saga`, and what belongs to them. */
  readonly providers: readonly Type[];
  /** Whether what happens to sagas is told: with `saga: { events: true }`, and with an `outbox` that delivers. */
  readonly events: boolean;
  /** For the option `saga.context`. */
  readonly context: SagaContextCarrier | undefined;
  /** Whether it takes up what was enqueued, and what others have left. */
  readonly executes: boolean;
  /** After how long without a sign of life others take over what it runs. */
  readonly leaseMs: number;
  /** How long a saga is kept after its end; undefined: for as long as the suite runs. */
  readonly retentionMs: number | undefined;
  /** How many connections to the database it may have at most, but for those of the engine itself. */
  readonly maxConnections: number;
}

/**
 * How the suite comes by applications with the engine that it checks.
 *
 * @public
 */
export interface SagaEngineHarness {
  /** What the engine says of itself. Cases that need more are listed and not run. */
  readonly capabilities: SagaCapabilities;
  /**
   * Starts an application. All that are started have the same store.
   *
   * @throws what the start of the application has failed with
   */
  open(options: ConformanceInstanceOptions): Promise<ConformanceInstance>;
}

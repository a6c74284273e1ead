import type { Outbox } from '../outbox/outbox.js';
import type { Database } from '../query/database.js';
import type { TransactionManager } from '../transaction/transaction-manager.js';
import type { Direction } from './saga-journal.port.js';
import type { SagaPlan } from './saga-plan.js';
import type { SagaState } from './saga-state.js';

/**
 * What an engine promises. The suite of the library checks an engine for what it claims.
 *
 * @public
 */
export interface SagaCapabilities {
  /** A saga goes on after its process has died, in any other one. */
  readonly durable: boolean;
  /** The writes of a `tx` step and its place in the journal are there together, or not at all. */
  readonly exactlyOnceSteps: boolean;
  /** A key is one saga for all processes. */
  readonly sharedKeys: boolean;
  /** `enqueue` takes part in the caller's transaction. */
  readonly joinsTransactions: boolean;
  /** The context of the caller is with the saga wherever it runs. */
  readonly keepsContext: boolean;
  /** Sagas that have come to their end are removed after a time. */
  readonly retention: boolean;
  /** What happens to a saga is told by the outbox, in the commit that it happens in: see `saga.events`. */
  readonly events: boolean;
}

/**
 * A saga as an engine knows it.
 *
 * @public
 */
export interface RegisteredSaga {
  /** As `@Saga` says. */
  readonly name: string;
  /** Which list of steps it is. */
  readonly version: number;
  /** Tells one list of steps from another. */
  readonly fingerprint: string;
  /** In milliseconds from its start; undefined: none. */
  readonly deadlineMs: number | undefined;
  /** How often it may be taken over before it is dead. */
  readonly maxRecoveries: number;
  /** Its steps. */
  readonly plan: SagaPlan<unknown, unknown>;
}

/**
 * What starts one saga.
 *
 * @public
 */
export interface SagaRequest {
  /** One saga of a name for each key: whoever starts it again gets the first one's end. Up to 255 characters. */
  readonly key: string;
  /** JSON. */
  readonly input: unknown;
}

/**
 * One step of a saga as it is recorded.
 *
 * @public
 */
export interface SagaStepSnapshot {
  /** Its name. */
  readonly step: string;
  /** Whether it is about doing the step, or about taking it back. */
  readonly direction: Direction;
  /** `started`: of a call nobody knows yet whether it has come through. `failed`: it is not tried again. */
  readonly state: 'started' | 'done' | 'failed';
  /** How often it was tried. */
  readonly attempts: number;
  /** What it has returned. */
  readonly output: unknown;
  /** Undefined where there is none. */
  readonly error: Error | undefined;
  /** When it was begun first. */
  readonly startedAt: Date;
  /** When it was over, one way or another. */
  readonly finishedAt: Date | undefined;
}

/**
 * What somebody has done about a dead saga.
 *
 * @public
 */
export interface SagaAuditEntry {
  /** When. */
  readonly at: Date;
  /** Had it go on, or closed it. */
  readonly action: 'retried' | 'resolved';
  /** What that somebody has written down; undefined where nothing was. */
  readonly note: string | undefined;
}

/**
 * A saga as it is recorded.
 *
 * @public
 */
export interface SagaSnapshot {
  /** Made by the engine. */
  readonly id: string;
  /** As `@Saga` says. */
  readonly name: string;
  /** Of its definition. */
  readonly version: number;
  /** What it was started under. */
  readonly key: string;
  /** Where it stands. */
  readonly state: SagaState;
  /** Whether it is under way, and this instance has no definition that it could go on with. */
  readonly orphaned: boolean;
  /** Whether it is to be stopped before its next step. */
  readonly cancelRequested: boolean;
  /** How often it was taken over. */
  readonly recoveries: number;
  /** What it was started with. */
  readonly input: unknown;
  /** What it has ended with. */
  readonly result: unknown;
  /** The step that failed; undefined where none has. */
  readonly failedStep: string | undefined;
  /** Why it was not completed. */
  readonly error: Error | undefined;
  /** When it has to have passed its pivot. */
  readonly deadlineAt: Date | undefined;
  /** When it was started. */
  readonly createdAt: Date;
  /** When its state has changed last, or its owner. */
  readonly updatedAt: Date;
  /** When it has come to its end. */
  readonly finishedAt: Date | undefined;
  /** In the order in which they were started. */
  readonly steps: readonly SagaStepSnapshot[];
  /** What was done about it while it was dead, the oldest first. */
  readonly audit: readonly SagaAuditEntry[];
}

/**
 * Which sagas are wanted; all that is given has to be true of them.
 *
 * @public
 */
export interface SagaFilter {
  /** One of these. */
  readonly state?: SagaState | readonly SagaState[] | undefined;
  /** As `@Saga` says. */
  readonly name?: string | undefined;
  /** The step they have failed at. */
  readonly failedStep?: string | undefined;
  /** Nothing has happened to them for as long, in milliseconds. */
  readonly idleForMs?: number | undefined;
  /** Only those that this instance has no definition for. */
  readonly orphaned?: boolean | undefined;
  /** How many at most. Range: [1, 1 000]. Default: 100. */
  readonly limit?: number | undefined;
  /** The `id` of the last one of the page before. */
  readonly after?: string | undefined;
}

/**
 * How a dead saga goes on.
 *
 * @public
 */
export interface RetryDeadOptions {
  /**
   * `forward`: with the step that failed. `back`: takes back what was done. Default: where it was going; nothing leads back
   * from behind the pivot, and nothing forward once something was taken back.
   */
  readonly direction?: 'forward' | 'back' | undefined;
  /** Why, for those who look at it later. */
  readonly note?: string | undefined;
}

/**
 * What an engine stands on.
 *
 * @public
 */
export interface SagaHost {
  /** Name of the connection as registered. */
  readonly connection: string;
  /** The database of the connection. */
  readonly db: Database;
  /** Its transactions. */
  readonly transactions: TransactionManager;
  /** The schema of the library's own tables. */
  readonly librarySchema: string;
  /** Carries what the caller's context is to be wherever the saga runs; undefined: nothing is. */
  readonly context: SagaContextCarrier | undefined;
  /** Where what happens to sagas is told; undefined: nobody wants to know. */
  readonly events: SagaEventTarget | undefined;
  /** Whether the application is on its way down: nothing new is begun then. */
  isClosing(): boolean;
  /** Tells other instances that there is something to do. For after a commit. */
  notify(channel: string): void;
  /** Calls `wake` when somebody has notified the channel. @returns stops it */
  listen(channel: string, wake: () => void): () => void;
  /** Writes to the log of the application. */
  info(line: string): void;
  /** As a warning. */
  warn(line: string): void;
}

/**
 * Where the events of sagas go.
 *
 * @public
 */
export interface SagaEventTarget {
  /** The topic of the messages. */
  readonly topic: string;
  /** The outbox of the connection. */
  readonly outbox: Outbox;
}

/**
 * Takes along what belongs to the caller and not to the saga, such as a trace or a tenant.
 *
 * @public
 */
export interface SagaContextCarrier {
  /** What is kept with a saga that is being started; JSON. Undefined: nothing. */
  capture(): unknown;
  /** Runs `work` with it, in whichever process. */
  restore<Result>(context: unknown, work: () => Promise<Result>): Promise<Result>;
}

/**
 * Runs sagas. Who asks an engine is {@link SagaService}, which has checked what is asked.
 *
 * @public
 */
export interface SagaEngine {
  /** What it promises. */
  readonly capabilities: SagaCapabilities;
  /** Called once, with all sagas of the application, before anything else. */
  start(sagas: readonly RegisteredSaga[]): Promise<void>;
  /** Resolves with its result when it is completed, wherever that happens. */
  run(saga: RegisteredSaga, request: SagaRequest, signal: AbortSignal | undefined): Promise<unknown>;
  /** Has it run later: with the caller's transaction, where there is one. */
  enqueue(saga: RegisteredSaga, request: SagaRequest): Promise<void>;
  /** Null where there is none. */
  get(name: string, key: string): Promise<SagaSnapshot | null>;
  /** In the order in which they were begun. */
  list(filter: SagaFilter): Promise<SagaSnapshot[]>;
  /** Stops a saga before its next step. @returns whether there was a running one */
  cancel(name: string, key: string): Promise<boolean>;
  /** Has a dead saga go on. */
  retryDead(name: string, key: string, options: RetryDeadOptions): Promise<void>;
  /** Closes a dead saga that somebody has set right by hand. */
  resolveDead(name: string, key: string, note: string): Promise<void>;
  /** Begins nothing any more, ends what is under way within the time, and hands back the rest. Never rejects. */
  stop(timeoutMs: number): Promise<void>;
}

/**
 * Makes the engine of one connection.
 *
 * @public
 */
export interface SagaEngineFactory {
  /** For people. */
  readonly name: string;
  /** Whether it keeps sagas in the tables of the library, which are made at the start then. */
  readonly needsTables: boolean;
  /** Called once for each connection that has it in its options. */
  create(host: SagaHost): SagaEngine;
}

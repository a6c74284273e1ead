import { randomUUID } from 'node:crypto';
import { InvalidOptionsError } from '../config/config.errors.js';
import { InMemorySagaJournal } from './in-memory-saga.journal.js';
import { SagaOrchestrator } from './saga-orchestrator.js';
import { SagaPlan, type ResolvedPolicy } from './saga-plan.js';
import { failureOf } from './saga-failure.js';

/**
 * One step of {@link executeSaga}.
 *
 * @public
 */
export interface PlainStep<Result = unknown> {
  /** For errors, and no other step's; `step 1`, `step 2`, … where it has none. */
  readonly name?: string;
  /**
   * What it does; all or nothing.
   *
   * @param results - what the steps before have returned
   */
  readonly execute: (results: readonly unknown[]) => Promise<Result> | Result;
  /**
   * Takes back what `execute` has done; called when a later step fails. A step without it counts as one that stays done
   * ({@link SagaFailedError.left}); one that leaves nothing has an empty function.
   */
  readonly compensate?: (result: Result) => unknown;
}

interface AnyPlainStep {
  readonly name?: string;
  readonly execute: (results: readonly unknown[]) => unknown;
  readonly compensate?: (result: never) => unknown;
}

/** A plain step is tried once, for as long as it takes, and so is what takes it back. */
const ONCE: ResolvedPolicy = {
  attempts: 1,
  initialDelayMs: 0,
  maxDelayMs: 0,
  factor: 2,
  timeoutMs: 2 ** 31 - 1,
};

/**
 * Runs steps one after the other; when one fails, those before are taken back, the last one first.
 *
 * It lives as long as its process: after a crash nobody takes back anything. What has to be right then is a durable saga.
 *
 * @returns what the steps have returned
 * @throws {@link SagaFailedError} with the step's failure as its cause, what was taken back, and what could not be
 * @throws {@link InvalidOptionsError} for steps that are none; nothing was run
 *
 * @public
 */
export async function executeSaga<Results extends readonly unknown[]>(
  steps: readonly [...{ readonly [Index in keyof Results]: PlainStep<Results[Index]> }],
): Promise<Results> {
  const named = (steps as readonly AnyPlainStep[]).map((step, index) => ({
    ...check(step, index),
    name: step.name ?? `step ${index + 1}`,
  }));
  refuseSameNames(named.map(({ name }) => name));
  const results: unknown[] = [];
  const stages = named.map(({ name, execute, compensate }) => ({
    undoOrder: 'reverse' as const,
    steps: [
      {
        name,
        kind: 'tx' as const,
        run: async () => {
          const result = await execute(results);
          results.push(result);
          return result;
        },
        undo:
          compensate === undefined
            ? undefined
            : (_context: unknown, result: unknown) => compensate(result as never),
        policy: ONCE,
        undoPolicy: ONCE,
        permanent: () => false,
        pivot: false,
        afterPivot: false,
      },
    ],
  }));
  const plan = new SagaPlan<unknown, unknown>(stages, () => undefined);
  const key = randomUUID();
  const journal = new InMemorySagaJournal({
    name: 'executeSaga',
    key,
    input: undefined,
    state: 'running',
  });
  const record = await new SagaOrchestrator(plan, journal).run();
  if (record.state === 'completed') return results as unknown as Results;
  throw failureOf(record);
}

function check(step: AnyPlainStep, index: number): AnyPlainStep {
  // Also of what is none, such as null.
  const { execute, compensate } = Object(step) as Partial<AnyPlainStep>;
  if (typeof execute !== 'function')
    throw InvalidOptionsError.at('executeSaga', `[${index}].execute`, 'is no function.');
  if (compensate !== undefined && typeof compensate !== 'function')
    throw InvalidOptionsError.at('executeSaga', `[${index}].compensate`, 'is no function.');
  return step;
}

/** What is done is noted by the name: of two steps with one name the second would never be run. */
function refuseSameNames(names: readonly string[]): void {
  const index = names.findIndex((name, at) => names.indexOf(name) < at);
  if (index > 0)
    throw InvalidOptionsError.at('executeSaga', `[${index}].name`, 'is the name of another step as well.');
}

import type { PlannedStep } from './saga-plan.js';
import type { Direction, SagaRecord } from './saga-journal.port.js';
import { StepTimeoutError } from './saga.errors.js';

/** One attempt at a step, or at its undo. */
export interface StepCall {
  readonly step: PlannedStep;
  readonly record: Pick<SagaRecord, 'name' | 'key' | 'input'>;
  /** What the steps before have returned. */
  readonly outputs: ReadonlyMap<string, unknown>;
  readonly attempt: number;
  readonly direction: Direction;
  /** What is to be taken back; undefined where nobody knows what the call has returned. */
  readonly output?: unknown;
}

/**
 * Calls the handler of a step, within its time.
 *
 * @throws StepTimeoutError when it takes longer; it goes on by itself then, and is told so by its signal
 * @throws what the handler throws
 */
export async function runHandler({
  step,
  record,
  outputs,
  attempt,
  direction,
  output,
}: StepCall): Promise<unknown> {
  const { name, run, undo } = step;
  const { timeoutMs } = direction === 'do' ? step.policy : step.undoPolicy;
  const controller = new AbortController();
  const context = {
    input: record.input,
    out: Object.fromEntries(outputs),
    key: record.key,
    attempt,
    signal: controller.signal,
    idempotencyKey: keyOf(record, name, direction),
    ...(direction === 'undo' && { doKey: keyOf(record, name, 'do') }),
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new StepTimeoutError(name, timeoutMs);
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  late.catch(() => undefined);
  const work = (async () => await (direction === 'do' ? run(context) : undo?.(context, output)))();
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** Equal over attempts and recoveries, different for what is done and what is taken back. */
function keyOf({ name, key }: Pick<SagaRecord, 'name' | 'key'>, step: string, direction: Direction): string {
  return `${name}:${key}:${step}:${direction}`;
}

import type { PlannedStep } from './saga-plan.js';
import type { Direction, SagaRecord } from './saga-journal.port.js';
import { StepTimeoutError } from './saga.errors.js';

/** One attempt at a step, or at its undo. */
export interface StepCall {
  readonly step: PlannedStep;
  readonly record: Pick<SagaRecord, 'name' | 'key' | 'input' | 'error'>;
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
 * @param signal - gives that of whoever keeps the time, where a handler asks for it; without it the time is kept here
 * @throws StepTimeoutError when it takes longer; it goes on by itself then, and is told so by its signal
 * @throws what the handler throws
 */
export async function runHandler(call: StepCall, signal?: () => AbortSignal): Promise<unknown> {
  const { run, undo } = call.step;
  const begin = async (context: object) =>
    await (call.direction === 'do' ? run(context) : undo?.(context, call.output));
  return signal === undefined ? await inTime(call, begin) : await begin(contextOf(call, signal));
}

function contextOf(
  { step, record, outputs, attempt, direction }: StepCall,
  signal: () => AbortSignal,
): object {
  return {
    input: record.input,
    out: Object.fromEntries(outputs),
    key: record.key,
    attempt,
    // Few handlers look at it, and one costs as much as the rest of this object.
    get signal() {
      return signal();
    },
    idempotencyKey: keyOf(record, step.name, direction),
    ...(direction === 'undo' && { doKey: keyOf(record, step.name, 'do'), failure: record.error }),
  };
}

async function inTime(call: StepCall, begin: (context: object) => Promise<unknown>): Promise<unknown> {
  const { name, policy, undoPolicy } = call.step;
  const { timeoutMs } = call.direction === 'do' ? policy : undoPolicy;
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new StepTimeoutError(name, timeoutMs);
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  late.catch(() => undefined);
  const work = begin(contextOf(call, () => controller.signal));
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

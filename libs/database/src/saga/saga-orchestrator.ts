import { setTimeout as delay } from 'node:timers/promises';
import { fullJitter } from '../common/backoff.js';
import type { PlannedStep, SagaPlan } from './saga-plan.js';
import {
  SagaAbandonedError,
  type SagaJournal,
  type SagaRecord,
  type StepEntry,
  type StepStart,
  type Transition,
} from './saga-journal.port.js';
import { runHandler, type StepCall } from './step-call.js';
import { PermanentError, type FailedUndo } from './saga.errors.js';
import { isSettled } from './saga-state.js';

/** What an attempt has failed with; that may be anything, undefined included. */
interface Failed {
  readonly failure: unknown;
}

/** A step that was given up. */
interface Failure {
  readonly step: string | undefined;
  readonly error: unknown;
}

/** Why a saga is stopped that has not failed. */
export class SagaStoppedError extends Error {
  override readonly name = 'SagaStoppedError';

  constructor(readonly why: 'cancelled' | 'late') {
    super(why === 'cancelled' ? 'The saga was cancelled.' : 'The deadline of the saga has passed.');
  }
}

/** Runs one saga from where its journal says that it stands to where nothing happens any more by itself. */
export class SagaOrchestrator {
  private order = 0;
  private readonly outputs = new Map<string, unknown>();

  constructor(
    private readonly plan: SagaPlan<unknown, unknown>,
    private readonly journal: SagaJournal,
    /** Aborted when this instance is to let go of the saga: no further attempt begins. */
    private readonly released?: AbortSignal,
  ) {}

  /** @throws SagaAbandonedError when somebody else has to go on */
  async run(): Promise<SagaRecord> {
    const record = await this.journal.load();
    if (isSettled(record.state)) return record;
    this.resume(record);
    if (record.state === 'running') {
      const failure = await this.forward(record);
      if (failure === undefined) return await this.journal.load();
      // What is recorded counts, and not what this run believes to have seen.
      if (failure.afterPivot) {
        await this.journal.move({ to: 'dead', step: failure.step, error: failure.error });
        return await this.journal.load();
      }
      await this.journal.move({ to: 'compensating', step: failure.step, error: failure.error });
    }
    await this.compensate(await this.journal.load());
    return await this.journal.load();
  }

  private resume({ entries }: SagaRecord): void {
    this.order = entries.reduce((highest, { order }) => Math.max(highest, order), 0);
    for (const { step, direction, state, output } of entries)
      if (direction === 'do' && state === 'done') this.outputs.set(step, output);
  }

  private async forward(
    record: SagaRecord,
  ): Promise<(Failure & { readonly afterPivot: boolean }) | undefined> {
    const { stages } = this.plan;
    for (const [index, stage] of stages.entries()) {
      const open = stage.steps.filter(({ name }) => !this.outputs.has(name));
      if (open.length === 0) continue;
      const afterPivot = stage.steps.some((step) => step.afterPivot);
      const stop = afterPivot ? undefined : stopOf(await this.journal.load());
      if (stop !== undefined) return { step: undefined, error: stop, afterPivot };
      const isLast = index === stages.length - 1 && open.length === 1;
      const outcomes = await Promise.all(open.map((step) => this.attempt(step, record, isLast)));
      const failure = outcomes.find((outcome) => outcome !== undefined);
      if (failure !== undefined) return { ...failure, afterPivot };
    }
    // A group has no last step that could take the end along.
    if (!isSettled((await this.journal.load()).state)) await this.journal.move(this.completed(record));
    return undefined;
  }

  /** Tries a step until it is done, or given up. */
  private async attempt(
    step: PlannedStep,
    record: SagaRecord,
    isLast: boolean,
  ): Promise<Failure | undefined> {
    const { name, kind, policy, permanent } = step;
    const before = record.entries.find((entry) => entry.step === name && entry.direction === 'do');
    if (before?.state === 'failed') return { step: name, error: before.error };
    const order = before?.order ?? (this.order += 1);
    const first = (before?.attempt ?? 0) + 1;
    for (let attempt = first; ; attempt += 1) {
      const start: StepStart = { step: name, direction: 'do', attempt, order };
      const call: StepCall = { step, record, outputs: this.outputs, attempt, direction: 'do' };
      const then = (output: unknown) => (isLast ? this.completed(record, name, output) : undefined);
      let error: Failed | undefined;
      if (kind === 'tx') {
        error = await caught(async () => {
          const work = () => runHandler(call);
          this.outputs.set(
            name,
            await this.journal.transact(
              start,
              work,
              isLast ? (output) => then(output) as Transition : undefined,
            ),
          );
        });
      } else {
        await this.journal.started(start);
        let output: unknown;
        error = await caught(async () => {
          output = await runHandler(call);
        });
        if (error === undefined) {
          await this.journal.done(start, output, then(output));
          this.outputs.set(name, output);
        }
      }
      if (error === undefined) return undefined;
      const { failure } = error;
      const isPermanent = failure instanceof PermanentError || permanent(failure);
      if (isPermanent || attempt - first + 1 >= policy.attempts) {
        // Of a call that was not refused nobody knows what it has done: its entry stays `started`, and is taken back.
        if (isPermanent || kind === 'tx') await this.journal.failed(start, failure);
        return { step: name, error: failure };
      }
      await delay(
        fullJitter(attempt - first + 1, policy),
        undefined,
        this.released && { signal: this.released },
      );
    }
  }

  private completed(record: SagaRecord, name?: string, output?: unknown): Transition {
    const out = Object.fromEntries(name === undefined ? this.outputs : [...this.outputs, [name, output]]);
    return { to: 'completed', result: this.plan.conclude({ input: record.input, key: record.key, out }) };
  }

  /** Takes back what was done, or may have been, in the reverse order of the starts; a failing undo does not stop the others. */
  private async compensate(record: SagaRecord): Promise<void> {
    const failed: FailedUndo[] = [];
    for (const stage of this.plan.stages.toReversed()) {
      const steps = stage.steps
        .map((step) => ({ step, entry: record.entries.find((entry) => isEffect(entry, step.name)) }))
        .filter((each): each is { step: PlannedStep; entry: StepEntry } => each.entry !== undefined)
        .toSorted((left, right) => right.entry.order - left.entry.order);
      if (stage.undoOrder === 'parallel') {
        const outcomes = await Promise.all(steps.map(({ step, entry }) => this.undo(step, entry, record)));
        failed.push(...outcomes.filter((outcome) => outcome !== undefined));
      } else {
        for (const { step, entry } of steps) {
          const outcome = await this.undo(step, entry, record);
          if (outcome !== undefined) failed.push(outcome);
        }
      }
    }
    await this.journal.move({
      to: failed.length === 0 ? 'compensated' : 'dead',
      step: record.step,
      error: record.error,
    });
  }

  private async undo(
    step: PlannedStep,
    done: StepEntry,
    record: SagaRecord,
  ): Promise<FailedUndo | undefined> {
    const { name, kind, undo, undoPolicy } = step;
    if (undo === undefined) return undefined;
    const before = record.entries.find((entry) => entry.step === name && entry.direction === 'undo');
    if (before?.state === 'done') return undefined;
    const order = before?.order ?? (this.order += 1);
    const first = (before?.attempt ?? 0) + 1;
    for (let attempt = first; ; attempt += 1) {
      const start: StepStart = { step: name, direction: 'undo', attempt, order };
      const call: StepCall = {
        step,
        record,
        outputs: this.outputs,
        attempt,
        direction: 'undo',
        output: done.output,
      };
      if (kind === 'call') await this.journal.started(start);
      const error = await caught(async () => {
        if (kind === 'tx') await this.journal.transact(start, () => runHandler(call));
        else await runHandler(call);
      });
      if (error === undefined) {
        if (kind === 'call') await this.journal.done(start, undefined);
        return undefined;
      }
      if (error.failure instanceof PermanentError || attempt - first + 1 >= undoPolicy.attempts) {
        await this.journal.failed(start, error.failure);
        return { step: name, error: error.failure };
      }
      await delay(
        fullJitter(attempt - first + 1, undoPolicy),
        undefined,
        this.released && { signal: this.released },
      );
    }
  }
}

/** Whether it has had an effect, or may have had one. */
function isEffect({ step, direction, state }: StepEntry, name: string): boolean {
  return step === name && direction === 'do' && state !== 'failed';
}

function stopOf({ cancelled, deadlineAt }: SagaRecord): SagaStoppedError | undefined {
  if (cancelled) return new SagaStoppedError('cancelled');
  return deadlineAt !== undefined && Date.now() > deadlineAt ? new SagaStoppedError('late') : undefined;
}

/** What `work` has failed with; a journal that is out of reach is no failure of the step, and goes on up. */
async function caught(work: () => Promise<unknown>): Promise<Failed | undefined> {
  try {
    await work();
    return undefined;
  } catch (failure) {
    if (failure instanceof SagaAbandonedError) throw failure;
    return { failure };
  }
}

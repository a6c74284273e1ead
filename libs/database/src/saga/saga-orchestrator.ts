import { setTimeout as delay } from 'node:timers/promises';
import { fullJitter } from '../common/backoff.js';
import type { PlannedStep, ResolvedPolicy, SagaPlan } from './saga-plan.js';
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
    const then = (output: unknown) => this.completed(record, name, output);
    const once = async (attempt: number) => {
      const start: StepStart = { step: name, direction: 'do', attempt, order };
      const call: StepCall = { step, record, outputs: this.outputs, attempt, direction: 'do' };
      let output: unknown;
      if (kind === 'call') await this.journal.started(start);
      const failed = await caught(async () => {
        const work = () => runHandler(call);
        output =
          kind === 'call'
            ? await work()
            : await this.journal.transact(start, work, isLast ? then : undefined);
      });
      if (failed !== undefined) return failed;
      if (kind === 'call') await this.journal.done(start, output, isLast ? then(output) : undefined);
      this.outputs.set(name, output);
      return undefined;
    };
    const given = await this.repeat(policy, before, once, permanent);
    if (given === undefined) return undefined;
    const { failure, attempt, isPermanent } = given;
    // Of a call that was not refused nobody knows what it has done: its entry stays `started`, and is taken back.
    if (isPermanent || kind === 'tx')
      await this.journal.failed({ step: name, direction: 'do', attempt, order }, failure);
    return { step: name, error: failure };
  }

  /** Tries until it succeeds, or until a failure is permanent or was the last that the policy allows. */
  private async repeat(
    policy: ResolvedPolicy,
    before: StepEntry | undefined,
    once: (attempt: number) => Promise<Failed | undefined>,
    permanent: (failure: unknown) => boolean,
  ): Promise<(Failed & { readonly attempt: number; readonly isPermanent: boolean }) | undefined> {
    const earlier = before?.attempt ?? 0;
    for (let tried = 1; ; tried += 1) {
      const failed = await once(earlier + tried);
      if (failed === undefined) return undefined;
      const isPermanent = failed.failure instanceof PermanentError || permanent(failed.failure);
      if (isPermanent || tried >= policy.attempts)
        return { ...failed, attempt: earlier + tried, isPermanent };
      await delay(fullJitter(tried, policy));
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
    const once = async (attempt: number) => {
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
      const failed = await caught(async () => {
        if (kind === 'tx') await this.journal.transact(start, () => runHandler(call));
        else await runHandler(call);
      });
      if (failed === undefined && kind === 'call') await this.journal.done(start, undefined);
      return failed;
    };
    const given = await this.repeat(undoPolicy, before, once, () => false);
    if (given === undefined) return undefined;
    await this.journal.failed(
      { step: name, direction: 'undo', attempt: given.attempt, order },
      given.failure,
    );
    return { step: name, error: given.failure };
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

import { fullJitter } from '../common/backoff.js';
import {
  SagaAbandonedError,
  type SagaJournal,
  type SagaRecord,
  type SagaStop,
  type StepEntry,
  type StepStart,
  type Transition,
} from './saga-journal.port.js';
import type { PlannedStep, ResolvedPolicy, SagaPlan } from './saga-plan.js';
import { SagaProgress } from './saga-progress.js';
import { isSettled } from './saga-state.js';
import { PermanentError, SagaStoppedError, StepOutputError } from './saga.errors.js';
import { runHandler, type StepCall } from './step-call.js';

/** What an attempt has failed with; that may be anything, undefined included. */
interface Failed {
  readonly failure: unknown;
}

/** Why a step is not tried again. */
interface GivenUp extends Failed {
  readonly attempt: number;
  /** `refused`: it says itself that nothing has happened. `stopped`: the saga is not to go on. */
  readonly why: 'refused' | 'exhausted' | 'stopped';
}

/** What ends the way forward. */
interface Failure {
  /** Undefined where it is none of a step. */
  readonly step: string | undefined;
  readonly error: unknown;
  /** Whether there is a way back. */
  readonly afterPivot: boolean;
}

/** Runs one saga from where its journal says that it stands to where nothing happens any more by itself. */
export class SagaOrchestrator {
  private order = 0;
  private readonly outputs = new Map<string, unknown>();
  private readonly entries = new Map<string, StepEntry>();
  private record!: SagaRecord;
  private progress!: SagaProgress;

  constructor(
    private readonly plan: SagaPlan<unknown, unknown>,
    private readonly journal: SagaJournal,
  ) {}

  /**
   * @returns what is recorded of it in the end
   * @throws {@link SagaAbandonedError} when somebody else has to go on
   */
  async run(): Promise<SagaRecord> {
    this.resume(await this.journal.load());
    if (this.record.state === 'running') {
      const failure = await this.forward();
      if (failure !== undefined) {
        const { step, error, afterPivot } = failure;
        await this.move({ to: afterPivot ? 'dead' : 'compensating', step, error });
        // What is recorded counts, and not what this run believes to have seen; but for the failure, which is at hand as it was.
        if (!afterPivot) this.resume({ ...(await this.journal.load()), error });
      }
    }
    if (this.record.state === 'compensating') await this.compensate();
    return { ...this.record, entries: [...this.entries.values()] };
  }

  private resume(record: SagaRecord): void {
    this.record = record;
    this.progress = new SagaProgress(record);
    this.entries.clear();
    this.outputs.clear();
    for (const entry of record.entries) this.note(entry);
  }

  private note(entry: StepEntry): void {
    this.entries.set(`${entry.direction} ${entry.step}`, entry);
    this.order = Math.max(this.order, entry.order);
    if (entry.direction === 'do' && entry.state === 'done') this.outputs.set(entry.step, entry.output);
  }

  private async forward(): Promise<Failure | undefined> {
    const { stages } = this.plan;
    for (const [index, stage] of stages.entries()) {
      const open = stage.steps.filter(({ name }) => !this.outputs.has(name));
      if (open.length === 0) continue;
      const afterPivot = stage.steps.some((step) => step.afterPivot);
      const stop = this.journal.stop();
      if (stop !== undefined && !afterPivot)
        return { step: undefined, error: new SagaStoppedError(stop), afterPivot };
      const isLast = index === stages.length - 1 && open.length === 1;
      const outcomes = await allOf(open.map((step) => this.attempt(step, isLast)));
      const failure = outcomes.find((outcome) => outcome !== undefined);
      if (failure !== undefined) return failure;
    }
    // A group has no last step that could take the end along.
    if (isSettled(this.record.state)) return undefined;
    const failed = await this.caught(() => Promise.resolve(this.completed()));
    if ('failure' in failed) {
      const afterPivot = stages.some(({ steps }) => steps.some(({ pivot }) => pivot));
      return { step: undefined, error: failed.failure, afterPivot };
    }
    await this.move(failed.result);
    return undefined;
  }

  /** Tries a step until it is done, or given up. */
  private async attempt(step: PlannedStep, isLast: boolean): Promise<Failure | undefined> {
    const { name, kind, policy, permanent, afterPivot } = step;
    const before = this.entries.get(`do ${name}`);
    if (before?.state === 'failed') return { step: name, error: before.error, afterPivot };
    const order = before?.order ?? (this.order += 1);
    const once = async (attempt: number) => {
      const start: StepStart = { step: name, direction: 'do', attempt, order };
      let end: Transition | undefined;
      const then = (output: unknown): Transition => (end = this.completed(name, output));
      const outcome = await this.carryOut(step, start, isLast ? then : undefined);
      if ('failure' in outcome) return outcome;
      this.note({ ...start, state: 'done', output: outcome.result });
      if (end !== undefined) this.moved(end);
      return undefined;
    };
    const stop = (): SagaStop | undefined => {
      const wish = this.journal.stop();
      return afterPivot && wish === 'cancelled' ? undefined : wish;
    };
    const refuses = (failure: unknown) =>
      failure instanceof PermanentError || isTrue(() => permanent(failure));
    const given = await this.repeat(policy, before, once, stop, refuses);
    if (given === undefined) return undefined;
    const { failure, attempt, why } = given;
    const start: StepStart = { step: name, direction: 'do', attempt, order };
    // Of a call that was not refused nobody knows what it has done: its entry stays `started`, and is taken back.
    if (why === 'refused' || (why === 'exhausted' && kind === 'tx')) await this.fail(start, failure);
    if (why !== 'stopped' || afterPivot) return { step: name, error: failure, afterPivot };
    return { step: undefined, error: failure, afterPivot };
  }

  /** One attempt at a step, or at its undo, with what is recorded around it. */
  private async carryOut(
    step: PlannedStep,
    start: StepStart,
    then?: (output: unknown) => Transition,
  ): Promise<Failed | { readonly result: unknown }> {
    const { direction, attempt } = start;
    const { record, outputs, journal, progress } = this;
    const before = this.entries.get(`do ${step.name}`);
    const call: StepCall = { step, record, outputs, attempt, direction, output: before?.output };
    const work = async (signal?: () => AbortSignal): Promise<unknown> => {
      progress.step('running', start);
      const output = await runHandler(call, signal);
      progress.step('ran', start);
      return direction === 'do' ? output : undefined;
    };
    const { timeoutMs } = direction === 'do' ? step.policy : step.undoPolicy;
    if (step.kind === 'tx') {
      const { isolationLevel } = step;
      const limits = { timeoutMs, isolationLevel };
      const outcome = await this.caught(() => journal.transact(start, limits, work, then));
      if ('result' in outcome) progress.step('recorded', start);
      return outcome;
    }
    await journal.started(start);
    this.note({ ...start, state: 'started' });
    progress.step('started', start);
    const outcome = await this.caught(async () => journal.recordable(await work()));
    if ('failure' in outcome) return outcome;
    // The call was made, whatever can be made of it: where no end follows from it, that is judged once it is recorded.
    const ended = await this.caught(() => Promise.resolve(then?.(outcome.result)));
    progress.step('recording', start);
    await journal.done(start, outcome.result, 'result' in ended ? ended.result : undefined);
    progress.step('recorded', start);
    return outcome;
  }

  /** Tries until it succeeds, or until a failure is permanent or was the last that the policy allows. */
  private async repeat(
    policy: ResolvedPolicy,
    before: StepEntry | undefined,
    once: (attempt: number) => Promise<Failed | undefined>,
    stop: () => SagaStop | undefined,
    refuses: (failure: unknown) => boolean,
  ): Promise<GivenUp | undefined> {
    const earlier = before?.attempt ?? 0;
    for (let tried = 1; ; tried += 1) {
      const attempt = earlier + tried;
      const failed = await once(attempt);
      if (failed === undefined) return undefined;
      const { failure } = failed;
      if (refuses(failure)) return { failure, attempt, why: 'refused' };
      if (tried >= policy.attempts || failure instanceof StepOutputError)
        return { failure, attempt, why: 'exhausted' };
      if (stop() === undefined) await this.journal.pause(fullJitter(tried, policy));
      const wish = stop();
      if (wish !== undefined)
        return { failure: new SagaStoppedError(wish, { cause: failure }), attempt, why: 'stopped' };
    }
  }

  private completed(name?: string, output?: unknown): Transition {
    const out = Object.fromEntries(name === undefined ? this.outputs : [...this.outputs, [name, output]]);
    const { input, key } = this.record;
    const result = this.journal.recordable(this.plan.conclude({ input, key, out }));
    this.progress.state('moving', 'completed');
    return { to: 'completed', result };
  }

  /** Takes back what was done, or may have been, in the reverse order of the starts; a failing undo does not stop the others. */
  private async compensate(): Promise<void> {
    let complete = true;
    for (const stage of this.plan.stages.toReversed()) {
      const steps = stage.steps
        .map((step) => ({ step, entry: this.entries.get(`do ${step.name}`) }))
        .filter(({ entry }) => entry !== undefined && entry.state !== 'failed')
        .toSorted((left, right) => (right.entry?.order ?? 0) - (left.entry?.order ?? 0));
      if (stage.undoOrder === 'parallel') {
        const undone = await allOf(steps.map(({ step }) => this.undo(step)));
        complete &&= !undone.includes(false);
      } else {
        for (const { step } of steps) if (!(await this.undo(step))) complete = false;
      }
    }
    const { step, error } = this.record;
    await this.move({ to: complete ? 'compensated' : 'dead', step, error });
  }

  /** @returns whether it is taken back, or has nothing to be */
  private async undo(step: PlannedStep): Promise<boolean> {
    const { name, undo, undoPolicy } = step;
    if (undo === undefined) return true;
    const before = this.entries.get(`undo ${name}`);
    if (before?.state === 'done') return true;
    const order = before?.order ?? (this.order += 1);
    const once = async (attempt: number) => {
      const start: StepStart = { step: name, direction: 'undo', attempt, order };
      const outcome = await this.carryOut(step, start);
      if ('failure' in outcome) return outcome;
      this.note({ ...start, state: 'done' });
      return undefined;
    };
    // A saga that is cancelled, or late, is on its way back already.
    const goOn = () => {
      this.journal.stop();
      return undefined;
    };
    goOn();
    const refuses = (failure: unknown) => failure instanceof PermanentError;
    const given = await this.repeat(undoPolicy, before, once, goOn, refuses);
    if (given === undefined) return true;
    await this.fail({ step: name, direction: 'undo', attempt: given.attempt, order }, given.failure);
    return false;
  }

  private async fail(start: StepStart, error: unknown): Promise<void> {
    await this.journal.failed(start, error);
    this.note({ ...start, state: 'failed', error });
    this.progress.step('failed', start, error);
  }

  private async move(transition: Transition): Promise<void> {
    if (transition.to !== 'completed') this.progress.state('moving', transition.to, transition.error);
    await this.journal.move(transition);
    this.moved(transition);
  }

  private moved({ to, ...why }: Transition): void {
    this.record = { ...this.record, ...why, state: to };
    this.progress.state('moved', to, why.error);
  }

  /** What `work` has failed with; a journal that is out of reach is no failure of the step, and goes on up. */
  private async caught<Result>(work: () => Promise<Result>): Promise<Failed | { readonly result: Result }> {
    try {
      return { result: await work() };
    } catch (failure) {
      if (failure instanceof SagaAbandonedError) throw failure;
      if (!(failure instanceof PermanentError) && this.journal.isOutOfReach(failure))
        throw new SagaAbandonedError('out-of-reach', { cause: failure });
      return { failure };
    }
  }
}

/** A judgement that fails itself says nothing. */
function isTrue(judge: () => boolean): boolean {
  try {
    return judge();
  } catch {
    return false;
  }
}

/** Waits for all of them, also where one is abandoned: what still runs must not meet what comes next. */
async function allOf<Result>(work: readonly Promise<Result>[]): Promise<Result[]> {
  const [only, ...others] = work;
  if (only !== undefined && others.length === 0) return [await only];
  await Promise.allSettled(work);
  return await Promise.all(work);
}

import { ISOLATION_LEVELS, type IsolationLevel } from '../transaction/transaction.options.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import {
  SagaPlan,
  type Handler,
  type PlannedStage,
  type PlannedStep,
  type ResolvedPolicy,
} from './saga-plan.js';
import type { CallStep, StepOptions, TxStep } from './saga-step.js';

/**
 * What the result of a saga is made of.
 *
 * @public
 */
export interface SagaEnd<Input, Outputs> {
  /** What it was started with. */
  readonly input: Input;
  /** What its steps have returned, by their names. */
  readonly out: Outputs;
  /** What it was started under. */
  readonly key: string;
}

/**
 * How the steps of a group are taken back.
 *
 * @public
 */
export interface GroupOptions {
  /** All at once, or one after the other from the last one that was started. Default: `'parallel'`. */
  readonly undo?: 'parallel' | 'reverse' | undefined;
}

/**
 * Begins the definition of a saga: a list of steps, each with what takes it back.
 *
 * ```ts
 * readonly steps = saga<{ orderId: string }>()
 *   .tx('reserve', { run: ({ input }) => stock.reserve(input.orderId), undo: (_context, id) => stock.release(id) })
 *   .call('charge', { run: ({ idempotencyKey }) => gateway.charge(idempotencyKey), undo: ({ doKey }) => gateway.refund(doKey) })
 *   .tx('confirm', { pivot: true, run: ({ out }) => orders.confirm(out.charge.id) })
 *   .result(({ out }) => out.confirm);
 * ```
 *
 * @public
 */
export function saga<Input>(): SagaBuilder<Input, object> {
  return new SagaBuilder([]);
}

/**
 * A saga that is being defined; each verb gives a new one. Steps run in the order in which they are named.
 *
 * @public
 */
export class SagaBuilder<Input, Outputs extends object> {
  private readonly stages: readonly Stage[];

  /**
   * Opaque: {@link saga} makes the first one.
   *
   * @internal
   */
  constructor(stages: readonly object[]) {
    this.stages = stages as readonly Stage[];
  }

  /** A step whose writes are committed together with its place in the journal: exactly once. */
  tx<const Name extends string, Result>(
    name: Name,
    step: TxStep<Input, Outputs, Result>,
  ): SagaBuilder<Input, Outputs & Readonly<Record<Name, Awaited<Result>>>> {
    return new SagaBuilder([...this.stages, single({ name, kind: 'tx', step: step as AnyStep })]);
  }

  /** A step that calls another system: at least once, with a key by which that one tells a repetition. */
  call<const Name extends string, Result>(
    name: Name,
    step: CallStep<Input, Outputs, Result>,
  ): SagaBuilder<Input, Outputs & Readonly<Record<Name, Awaited<Result>>>> {
    return new SagaBuilder([...this.stages, single({ name, kind: 'call', step: step as AnyStep })]);
  }

  /** Steps that run at the same time and do not see each other's results. All have settled before anything is taken back. */
  parallel<Branches extends object>(
    build: (group: SagaGroup<Input, Outputs, object>) => SagaGroup<Input, Outputs, Branches>,
    { undo = 'parallel' }: GroupOptions = {},
  ): SagaBuilder<Input, Outputs & Branches> {
    const { steps } = build(new SagaGroup<Input, Outputs, object>([]));
    const stage: Stage = { steps: steps as readonly NamedStep[], undoOrder: undo };
    return new SagaBuilder([...this.stages, stage]);
  }

  /**
   * Ends the definition with what the saga resolves with.
   *
   * @throws {@link InvalidOptionsError} for steps that cannot be a saga: names that are used twice, numbers out of range, a step
   *   that nothing takes back before the pivot and does not say so, more than one pivot
   */
  result<Result>(conclude: (end: SagaEnd<Input, Outputs>) => Result): SagaPlan<Input, Result> {
    return new SagaPlan(planStages(this.stages), conclude as Handler);
  }
}

/**
 * Steps that run at the same time.
 *
 * @public
 */
export class SagaGroup<Input, Outputs, Branches extends object> {
  /** @internal */
  constructor(
    /** Opaque. @internal */
    readonly steps: readonly object[],
  ) {}

  /** As {@link SagaBuilder.tx}. */
  tx<const Name extends string, Result>(
    name: Name,
    step: TxStep<Input, Outputs, Result>,
  ): SagaGroup<Input, Outputs, Branches & Readonly<Record<Name, Awaited<Result>>>> {
    return new SagaGroup([...this.steps, { name, kind: 'tx', step: step as AnyStep }]);
  }

  /** As {@link SagaBuilder.call}. */
  call<const Name extends string, Result>(
    name: Name,
    step: CallStep<Input, Outputs, Result>,
  ): SagaGroup<Input, Outputs, Branches & Readonly<Record<Name, Awaited<Result>>>> {
    return new SagaGroup([...this.steps, { name, kind: 'call', step: step as AnyStep }]);
  }
}

interface AnyStep extends StepOptions {
  readonly isolationLevel?: IsolationLevel | undefined;
  readonly run: Handler;
  readonly undo?: Handler | undefined;
}

interface NamedStep {
  readonly name: string;
  readonly kind: 'tx' | 'call';
  readonly step: AnyStep;
}

interface Stage {
  readonly steps: readonly NamedStep[];
  readonly undoOrder: 'parallel' | 'reverse';
}

function single(step: NamedStep): Stage {
  return { steps: [step], undoOrder: 'reverse' };
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/i;
const KNOWN = [
  'run', 'undo', 'permanent', 'pivot', 'irreversible', 'undoPolicy', 'attempts', 'initialDelayMs', 'maxDelayMs', 'timeoutMs',
]; // prettier-ignore
const KNOWN_POLICY = ['attempts', 'initialDelayMs', 'maxDelayMs', 'timeoutMs'];
const DEFAULT_POLICY: ResolvedPolicy = {
  attempts: 3,
  initialDelayMs: 100,
  maxDelayMs: 10_000,
  factor: 2,
  timeoutMs: 10_000,
};
/** What was done has to be taken back: it is worth more attempts than doing it was. */
const DEFAULT_UNDO_POLICY: ResolvedPolicy = { ...DEFAULT_POLICY, attempts: 10 };

function planStages(stages: readonly Stage[]): PlannedStage[] {
  const validator = new OptionValidator();
  const all = stages.flatMap(({ steps }) => steps);
  if (all.length === 0) validator.reject('steps', 'is empty. Name at least one step.');
  const pivots = all.filter(({ step }) => step.pivot === true);
  for (const { name } of pivots.slice(1))
    validator.reject(
      `${name}.pivot`,
      'is a second pivot; nothing could be taken back from the first one on.',
    );
  const pivotStage = stages.findIndex(({ steps }) => steps.some(({ step }) => step.pivot === true));
  const names = new Set<string>();
  const planned = stages.map(({ steps, undoOrder }, index) => {
    const afterPivot = pivotStage >= 0 && index > pivotStage;
    if (steps.length === 0)
      validator.reject('parallel', 'is an empty group. Name its steps, or leave it out.');
    const isLast = index === stages.length - 1 && steps.length === 1;
    return {
      undoOrder,
      steps: steps.map((named) => {
        if (names.has(named.name)) validator.reject(named.name, 'is the name of another step as well.');
        names.add(named.name);
        if (named.step.pivot === true && steps.length > 1)
          validator.reject(
            `${named.name}.pivot`,
            'is part of a group: whether its neighbours are done then is not known.',
          );
        return planStep(named, { afterPivot, isLast }, validator);
      }),
    };
  });
  if (validator.violations.length > 0) throw new InvalidOptionsError('saga()', validator.violations);
  return planned;
}

interface Place {
  readonly afterPivot: boolean;
  /** Nothing comes after it that could fail. */
  readonly isLast: boolean;
}

function planStep(
  { name, kind, step }: NamedStep,
  { afterPivot, isLast }: Place,
  validator: OptionValidator,
): PlannedStep {
  if (!NAME.test(name))
    validator.reject(name, 'is no name of a step: a letter, then up to 62 letters, digits and hyphens.');
  const known = kind === 'tx' ? [...KNOWN, 'isolationLevel'] : KNOWN;
  const given = validator.object(step, name, known) as Partial<AnyStep>;
  const { run, undo, permanent } = given;
  if (typeof run !== 'function') validator.reject(`${name}.run`, 'is no function.');
  if (undo !== undefined && typeof undo !== 'function') validator.reject(`${name}.undo`, 'is no function.');
  if (permanent !== undefined && typeof permanent !== 'function')
    validator.reject(`${name}.permanent`, 'is no function.');
  const pivot = validator.boolean(given.pivot, `${name}.pivot`, false);
  const irreversible = validator.boolean(given.irreversible, `${name}.irreversible`, false);
  // A call that failed may have come through all the same; a transaction that failed has left nothing.
  const leavesNothing = kind === 'tx' && (pivot || isLast);
  if (undo === undefined && !irreversible && !afterPivot && !leavesNothing) {
    validator.reject(
      `${name}.undo`,
      'is missing: nothing would take the step back when it is in doubt, or a later one fails. Give it, set `irreversible: true`, or put the step after the pivot.',
    );
  }
  if (undo !== undefined && (irreversible || afterPivot || (pivot && kind === 'tx'))) {
    const why = irreversible ? 'the step is `irreversible`' : 'nothing is taken back from the pivot on';
    validator.reject(`${name}.undo`, `would never be called, as ${why}.`);
  }
  return {
    name,
    kind,
    run: run as Handler,
    undo,
    isolationLevel: validator.oneOf(
      given.isolationLevel,
      `${name}.isolationLevel`,
      undefined,
      ISOLATION_LEVELS,
    ),
    policy: resolvePolicy(given, name, validator, DEFAULT_POLICY),
    undoPolicy: resolvePolicy(
      validator.object(given.undoPolicy ?? {}, `${name}.undoPolicy`, KNOWN_POLICY),
      `${name}.undoPolicy`,
      validator,
      DEFAULT_UNDO_POLICY,
    ),
    permanent: permanent ?? (() => false),
    pivot,
    afterPivot,
  };
}

function resolvePolicy(
  given: Readonly<Record<string, unknown>>,
  path: string,
  validator: OptionValidator,
  defaults: ResolvedPolicy,
): ResolvedPolicy {
  const integer = (key: keyof ResolvedPolicy, min: number, max: number) =>
    validator.integer(given[key], `${path}.${key}`, defaults[key], { min, max });
  return {
    attempts: integer('attempts', 1, 1_000),
    initialDelayMs: integer('initialDelayMs', 0, 60_000),
    maxDelayMs: integer('maxDelayMs', 0, 3_600_000),
    factor: defaults.factor,
    timeoutMs: integer('timeoutMs', 1, 3_600_000),
  };
}

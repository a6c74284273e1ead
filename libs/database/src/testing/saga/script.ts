import type { Type } from '@nestjs/common';
import { saga, type SagaBuilder, type SagaGroup } from '../../saga/saga-builder.js';
import type { SagaPlan } from '../../saga/saga-plan.js';
import type {
  CallContext,
  CallStep,
  SagaContext,
  StepOptions,
  TxStep,
  UndoCallContext,
} from '../../saga/saga-step.js';
import { Saga, type SagaClass, type SagaDecoratorOptions } from '../../saga/saga.decorator.js';

/** One step of a saga of the suite. */
export interface ScriptStep extends StepOptions {
  readonly kind: 'tx' | 'call';
  readonly name: string;
  /** Whether something takes it back. */
  readonly hasUndo: boolean;
}

/** Steps that run at the same time. */
export interface ScriptGroup {
  readonly undo: 'parallel' | 'reverse';
  readonly steps: readonly ScriptStep[];
}

/** The steps of a saga of the suite. */
export type Script = readonly (ScriptStep | ScriptGroup)[];

/** What a handler of the suite was called with. */
export type AnyContext = SagaContext<unknown, object> &
  Partial<
    Pick<CallContext<unknown, object>, 'idempotencyKey'> & Pick<UndoCallContext<unknown, object>, 'doKey'>
  >;

/** Does what the suite wants a step, or its undo, to do. */
export type Act = (
  step: ScriptStep,
  direction: 'do' | 'undo',
  context: AnyContext,
  output?: unknown,
) => Promise<unknown>;

/** Quick repetitions, and times that a busy machine does not run out of. */
const POLICY = { attempts: 2, initialDelayMs: 1, maxDelayMs: 5, timeoutMs: 60_000 };
const UNDO_POLICY = { ...POLICY, attempts: 3 };

export function tx(name: string, options: StepOptions = {}): ScriptStep {
  return step('tx', name, options);
}

export function call(name: string, options: StepOptions = {}): ScriptStep {
  return step('call', name, options);
}

export function group(steps: readonly ScriptStep[], undo: 'parallel' | 'reverse' = 'parallel'): ScriptGroup {
  return { steps, undo };
}

/** A step that nothing takes back: behind the pivot, or the last one. */
export function final({ hasUndo: _hasUndo, ...rest }: ScriptStep): ScriptStep {
  return { ...rest, hasUndo: false };
}

function step(kind: 'tx' | 'call', name: string, options: StepOptions): ScriptStep {
  const hasUndo = options.pivot !== true && options.irreversible !== true;
  return { kind, name, hasUndo, ...POLICY, undoPolicy: UNDO_POLICY, ...options };
}

export function stepsOf(script: Script): ScriptStep[] {
  return script.flatMap((each) => ('steps' in each ? each.steps : [each]));
}

/** The same steps, one of them with other options. */
export function withOptions(script: Script, name: string, options: StepOptions): Script {
  const change = (each: ScriptStep) => (each.name === name ? { ...each, ...options } : each);
  return script.map((each) => ('steps' in each ? { ...each, steps: each.steps.map(change) } : change(each)));
}

/** A class with `@Saga` whose steps do what `act` says, and which ends with what they have returned. */
export function sagaOf(
  name: string,
  options: SagaDecoratorOptions,
  script: Script,
  act: Act,
): Type & SagaClass<unknown, unknown> {
  const steps = planOf(script, act);
  const type = class {
    readonly steps = steps;
  };
  Saga(name, options)(type);
  return type;
}

function planOf(script: Script, act: Act): SagaPlan<unknown, unknown> {
  let builder: SagaBuilder<unknown, object> = saga<unknown>();
  for (const each of script) {
    if ('steps' in each) {
      const add = (
        all: SagaGroup<unknown, object, object>,
        one: ScriptStep,
      ): SagaGroup<unknown, object, object> =>
        one.kind === 'tx' ? all.tx(one.name, txOf(one, act)) : all.call(one.name, callOf(one, act));
      builder = builder.parallel((all) => each.steps.reduce(add, all), { undo: each.undo });
    } else if (each.kind === 'tx') builder = builder.tx(each.name, txOf(each, act));
    else builder = builder.call(each.name, callOf(each, act));
  }
  return builder.result(({ out }) => out);
}

function txOf(step: ScriptStep, act: Act): TxStep<unknown, object, unknown> {
  const { kind: _kind, name: _name, hasUndo, ...options } = step;
  return {
    ...options,
    run: (context) => act(step, 'do', context),
    ...(hasUndo && { undo: (context, output) => act(step, 'undo', context, output) }),
  };
}

function callOf(step: ScriptStep, act: Act): CallStep<unknown, object, unknown> {
  const { kind: _kind, name: _name, hasUndo, ...options } = step;
  return {
    ...options,
    run: (context) => act(step, 'do', context),
    ...(hasUndo && { undo: (context, output) => act(step, 'undo', context, output) }),
  };
}

import type { OptionValidator } from '../config/option-validator.js';
import { postgresSagaEngine } from './postgres-saga.engine.factory.js';
import type { SagaContextCarrier, SagaEngineFactory } from './saga-engine.port.js';

/**
 * Switches sagas on, as `saga: {}` does.
 *
 * @public
 */
export interface SagaOptions {
  /**
   * What runs them.
   *
   * @defaultValue `postgresSagaEngine()`
   */
  readonly engine?: SagaEngineFactory | undefined;
  /**
   * Takes along what belongs to the caller, such as a trace or a tenant, to wherever the saga runs.
   *
   * @defaultValue nothing is taken along
   */
  readonly context?: SagaContextCarrier | undefined;
}

/** @internal */
export interface ResolvedSagaOptions {
  readonly engine: SagaEngineFactory;
  readonly context: SagaContextCarrier | undefined;
}

const KNOWN = ['engine', 'context'];

/** Undefined where sagas are not switched on. */
export function resolveSagaOptions(
  value: unknown,
  validator: OptionValidator,
): ResolvedSagaOptions | undefined {
  if (value === undefined) return undefined;
  const { engine, context } = validator.object(value, '', KNOWN);
  if (engine !== undefined && !hasMethods(engine, ['create']))
    validator.reject('engine', 'is no engine. Give `postgresSagaEngine()`, or `ephemeral()` for tests.');
  if (context !== undefined && !hasMethods(context, ['capture', 'restore']))
    validator.reject('context', 'has no functions `capture` and `restore`.');
  return {
    engine: (engine as SagaEngineFactory | undefined) ?? postgresSagaEngine(),
    context: context as SagaContextCarrier | undefined,
  };
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

import type { OptionValidator } from '../config/option-validator.js';
import { topicProblem } from '../outbox/new-outbox-message.js';
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
  /**
   * Tells through the outbox of the same connection, which has to be configured, what happens to sagas: messages with a
   * `SagaEvent` as their payload, written in the commit that it happens in, and delivered in this order for each saga. `{ topic }` names another
   * topic than `saga`.
   *
   * @defaultValue false
   */
  readonly events?: boolean | SagaEventsOptions | undefined;
}

/**
 * What is told of sagas through the outbox.
 *
 * @public
 */
export interface SagaEventsOptions {
  /**
   * The topic of the messages, 1 to 200 bytes.
   *
   * @defaultValue `saga`
   */
  readonly topic?: string | undefined;
}

/** @internal */
export interface ResolvedSagaOptions {
  readonly engine: SagaEngineFactory;
  readonly context: SagaContextCarrier | undefined;
  /** Undefined: nothing is told. */
  readonly events: { readonly topic: string } | undefined;
}

const KNOWN = ['engine', 'context', 'events'];
const DEFAULT_TOPIC = 'saga';

/** Undefined where sagas are not switched on. */
export function resolveSagaOptions(
  value: unknown,
  hasOutbox: boolean,
  validator: OptionValidator,
): ResolvedSagaOptions | undefined {
  if (value === undefined) return undefined;
  const { engine, context, events } = validator.object(value, '', KNOWN);
  if (engine !== undefined && !hasMethods(engine, ['create']))
    validator.reject('engine', 'is no engine. Give `postgresSagaEngine()`, or `ephemeral()` for tests.');
  if (context !== undefined && !hasMethods(context, ['capture', 'restore']))
    validator.reject('context', 'has no functions `capture` and `restore`.');
  return {
    engine: (engine as SagaEngineFactory | undefined) ?? postgresSagaEngine(),
    context: context as SagaContextCarrier | undefined,
    events: resolveEvents(events, hasOutbox, validator),
  };
}

function resolveEvents(
  value: unknown,
  hasOutbox: boolean,
  validator: OptionValidator,
): ResolvedSagaOptions['events'] {
  if (value === undefined || value === false) return undefined;
  const { topic = DEFAULT_TOPIC } = value === true ? {} : validator.object(value, 'events', ['topic']);
  if (!hasOutbox)
    validator.reject(
      'events',
      'needs the outbox of this connection, which is not configured. Give `outbox: {}` as well.',
    );
  const problem = topicProblem(topic);
  if (problem !== undefined) validator.reject('events.topic', problem);
  return { topic: topic as string };
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

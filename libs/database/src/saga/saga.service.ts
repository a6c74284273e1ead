import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { ValidationError } from '../errors/validation.error.js';
import type { RetryDeadOptions, SagaCapabilities, SagaFilter, SagaSnapshot } from './saga-engine.port.js';
import type { SagaRegistry } from './saga-registry.js';
import { checkKey } from './saga-request.js';
import { SAGA_STATES } from './saga-state.js';
import { sagaMetadata, type SagaClass } from './saga.decorator.js';

/**
 * What {@link SagaService.run} starts.
 *
 * @public
 */
export interface SagaStart<Input> {
  /** One saga of a class for each key: whoever starts it again gets the first one's end. Up to 255 characters. */
  readonly key: string;
  /** JSON: texts, numbers, booleans, null, lists and plain objects. */
  readonly input: Input;
  /** Ends the wait for the saga, and not the saga. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Which saga: its class, or its name.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever its input and its result are
export type SagaName = string | SagaClass<any, any>;

/**
 * Runs sagas of one connection, and looks after them.
 *
 * @public
 */
export class SagaService {
  readonly #sagas: SagaRegistry;

  /**
   * Opaque, as what it stands on is no part of the public surface.
   *
   * @internal
   */
  constructor(registry: object) {
    this.#sagas = registry as SagaRegistry;
  }

  /** What the engine promises. */
  get capabilities(): SagaCapabilities {
    return this.#sagas.engine.capabilities;
  }

  /**
   * Runs a saga and resolves with its result, wherever it is completed: when this process loses it, another one goes on, and
   * this call waits for that. A second call with the same key runs nothing, and gets the same.
   *
   * @throws {@link SagaFailedError} when it was taken back, or is dead; `cause` is what its step has failed with
   * @throws {@link SagaKeyConflictError} when the key belongs to a saga with another input; nothing was started
   * @throws {@link SagaInTransactionError} inside of a transaction; nothing was started
   * @throws {@link ValidationError} for a key or an input that cannot be kept; nothing was started
   * @throws {@link ShuttingDownError} when this process ends; the saga goes on in another one
   * @throws {@link DatabaseError} when it could not be started; `outcome` tells whether it may have been
   * @throws the signal's reason when the wait is given up; the saga goes on
   */
  async run<Input, Result>(
    saga: SagaClass<Input, Result>,
    { key, input, signal }: SagaStart<Input>,
  ): Promise<Result> {
    const registered = await this.#sagas.of(saga);
    return (await this.#sagas.engine.run(registered, { key: checkKey(key), input }, signal)) as Result;
  }

  /**
   * Has a saga run: inside of a transaction it begins with the commit, in the same write, and is gone with a rollback. It is
   * taken up at once by one of the instances. With a key that is known already nothing happens.
   *
   * @throws {@link SagaKeyConflictError} when the key belongs to a saga with another input; inside of a transaction that is
   *   found at its commit, which fails with it
   * @throws {@link ValidationError} for a key or an input that cannot be kept
   */
  async enqueue<Input, Result>(
    saga: SagaClass<Input, Result>,
    { key, input }: Pick<SagaStart<Input>, 'key' | 'input'>,
  ): Promise<void> {
    const registered = await this.#sagas.of(saga);
    await this.#sagas.engine.enqueue(registered, { key: checkKey(key), input });
  }

  /** The saga with its steps; null where there is none. */
  async get(saga: SagaName, key: string): Promise<SagaSnapshot | null> {
    return await this.#sagas.engine.get(nameOf(saga), checkKey(key));
  }

  /**
   * Sagas in the order in which they were begun, a page at a time.
   *
   * @throws {@link ValidationError} for a filter that is none
   */
  async list(filter: SagaFilter = {}): Promise<SagaSnapshot[]> {
    await this.#sagas.start();
    return await this.#sagas.engine.list(checkFilter(filter));
  }

  /**
   * Stops a saga before its next step, and has taken back what was done; what is behind its pivot goes on.
   *
   * @returns whether there was a running one; it may have passed its last step all the same
   */
  async cancel(saga: SagaName, key: string): Promise<boolean> {
    return await this.#sagas.engine.cancel(nameOf(saga), checkKey(key));
  }

  /**
   * Has a dead saga go on; the steps that were given up are tried again. It has no deadline any more.
   *
   * @throws {@link SagaNotFoundError} when there is none
   * @throws {@link SagaStateError} when it is not dead, or cannot go in this direction; nothing was changed
   */
  async retryDead(saga: SagaName, key: string, options: RetryDeadOptions = {}): Promise<void> {
    await this.#sagas.start();
    await this.#sagas.engine.retryDead(nameOf(saga), checkKey(key), options);
  }

  /**
   * Closes a dead saga whose effects somebody has set right by hand. It ends `compensated`.
   *
   * @param note - what was done, for those who look at it later
   * @throws {@link SagaNotFoundError} when there is none
   * @throws {@link SagaStateError} when it is not dead; nothing was changed
   */
  async resolveDead(saga: SagaName, key: string, note: string): Promise<void> {
    if (typeof note !== 'string' || note.trim() === '')
      throw new ValidationError('note', 'is empty. Say what was done, for those who look at it later.');
    await this.#sagas.engine.resolveDead(nameOf(saga), checkKey(key), note);
  }
}

function nameOf(saga: SagaName): string {
  if (typeof saga === 'string') return saga;
  const metadata = sagaMetadata(saga);
  if (metadata !== undefined) return metadata.name;
  throw InvalidOptionsError.at(
    'SagaService',
    'saga',
    'is neither the name of a saga nor a class with `@Saga`.',
  );
}

const KNOWN = ['state', 'name', 'failedStep', 'idleForMs', 'orphaned', 'limit', 'after'];
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A filter that is wrong must not find more than was asked for. */
function checkFilter(filter: SagaFilter): SagaFilter {
  const validator = new OptionValidator();
  const given = validator.object(filter, '', KNOWN);
  for (const state of [given.state ?? []].flat()) validator.oneOf(state, 'state', undefined, SAGA_STATES);
  validator.text(given.name, 'name', undefined);
  validator.text(given.failedStep, 'failedStep', undefined);
  validator.integer(given.idleForMs, 'idleForMs', 0, { min: 0, max: Number.MAX_SAFE_INTEGER });
  validator.boolean(given.orphaned, 'orphaned', false);
  validator.integer(given.limit, 'limit', 100, { min: 1, max: 1_000 });
  if (given.after !== undefined && !(typeof given.after === 'string' && UUID.test(given.after)))
    validator.reject('after', 'is no `id` of a saga.');
  const [first] = validator.violations;
  if (first !== undefined) throw new ValidationError(first.path, first.problem);
  return given;
}

import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { DEFAULT_CONNECTION } from '../client/connection-tokens.js';
import type { ConnectionName } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import type { SagaPlan } from './saga-plan.js';

/**
 * What a class with {@link Saga} holds.
 *
 * @public
 */
export interface SagaDefinition<Input, Result> {
  /** What `saga<Input>()…result(…)` gives. */
  readonly steps: SagaPlan<Input, Result>;
}

/**
 * A class with {@link Saga}.
 *
 * @public
 */
export type SagaClass<Input, Result> = abstract new (...parameters: never[]) => SagaDefinition<Input, Result>;

/**
 * What {@link Saga} may be told.
 *
 * @public
 */
export interface SagaDecoratorOptions {
  /**
   * Which list of steps it is: to be raised whenever a step is added, removed, renamed or moved. A saga ends with the version
   * it was begun with: keep the old class for as long as sagas of it are under way. Range: [1, 1 000 000].
   */
  readonly version: number;
  /**
   * How long after its start it has to have passed its pivot, in milliseconds; then it is taken back. Behind the pivot a step
   * that fails is not repeated any more. Range: [1, 31 536 000 000].
   *
   * @defaultValue none
   */
  readonly deadlineMs?: number | undefined;
  /**
   * How often it may be taken over after its process, or its connection, has gone, before it is dead. From the third time on,
   * or half of this if that is less, an instance takes such sagas one at a time: the one that ends its process is not to be
   * the end of those beside it. Range: [1, 100 000].
   *
   * @defaultValue 20
   */
  readonly maxRecoveries?: number | undefined;
  /**
   * Whose sagas they are.
   *
   * @defaultValue the default connection
   */
  readonly connection?: ConnectionName | undefined;
}

/** What is noted on the class. */
export interface SagaMetadata {
  readonly name: string;
  readonly version: number;
  readonly deadlineMs: number | undefined;
  readonly maxRecoveries: number;
  readonly connection: string;
}

const METADATA = Symbol('nestjs-database:saga');
const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const KNOWN = ['version', 'deadlineMs', 'maxRecoveries', 'connection'];
const YEAR_MS = 31_536_000_000;
const NONE = -1;

/**
 * Makes a provider a saga: its member `steps` is what is done, and {@link SagaService} runs it.
 *
 * ```ts
 * \@Saga('place-order', { version: 1 })
 * export class PlaceOrder {
 *   constructor(private readonly stock: StockService) {}
 *   readonly steps = saga<{ sku: string }>()
 *     .tx('reserve', { run: ({ input }) => this.stock.reserve(input.sku), undo: (_context, id) => this.stock.release(id) })
 *     …
 * }
 * ```
 *
 * It is injectable by itself; list it under `providers`.
 *
 * @throws {@link InvalidOptionsError} when the class is defined, for a name or options that cannot be used
 *
 * @public
 */
export function Saga(name: string, options: SagaDecoratorOptions): ClassDecorator {
  const validator = new OptionValidator();
  if (typeof name !== 'string' || !NAME.test(name))
    validator.reject('name', 'is no name: a small letter, then up to 62 small letters, digits and hyphens.');
  const given = validator.object(options, '', KNOWN);
  if (given.version === undefined) validator.reject('version', 'is missing. Begin with 1.');
  const deadlineMs = validator.integer(given.deadlineMs, 'deadlineMs', NONE, { min: 1, max: YEAR_MS });
  const metadata: SagaMetadata = {
    name,
    version: validator.integer(given.version, 'version', 1, { min: 1, max: 1_000_000 }),
    deadlineMs: deadlineMs === NONE ? undefined : deadlineMs,
    maxRecoveries: validator.integer(given.maxRecoveries, 'maxRecoveries', 20, { min: 1, max: 100_000 }),
    connection: validator.text(given.connection, 'connection', DEFAULT_CONNECTION),
  };
  return (target) => {
    if (validator.violations.length > 0)
      throw new InvalidOptionsError(`@Saga of ${target.name}`, validator.violations);
    Injectable()(target);
    Reflect.defineMetadata(METADATA, metadata, target);
  };
}

/** What the decorator has noted; undefined on any other class, those that extend one with it included. */
export function sagaMetadata(type: unknown): SagaMetadata | undefined {
  if (typeof type !== 'function') return undefined;
  return Reflect.getOwnMetadata(METADATA, type) as SagaMetadata | undefined;
}

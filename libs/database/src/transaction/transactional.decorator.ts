import 'reflect-metadata';
import { Inject } from '@nestjs/common';
import { connectionToken, DEFAULT_CONNECTION } from '../client/connection-tokens.js';
import type { ConnectionName } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { TransactionManager } from './transaction-manager.js';
import { resolveTransactionOptions, type TransactionOptions } from './transaction.options.js';

/**
 * How a method with {@link Transactional} is run.
 *
 * @public
 */
export interface TransactionalOptions extends TransactionOptions {
  /**
   * Whose transaction it is.
   *
   * @defaultValue the default connection
   */
  readonly connection?: ConnectionName | undefined;
}

type Method = (this: object | null | undefined, ...parameters: unknown[]) => unknown;

/** What is known of a method with the decorator. */
export interface TransactionalMethod {
  /** `OrderService.place`. */
  readonly name: string;
  readonly connection: string;
  /** What the class says it returns, where the compiler has written that down. */
  readonly returns: unknown;
}

/** Own properties of a function that say what kind of function it is; nobody has noted them. */
const OF_THE_FUNCTION = new Set<PropertyKey>(['prototype', 'arguments', 'caller']);

const METHOD = Symbol('nestjs-database:transactional');

/**
 * Runs the method in a transaction, as `TransactionManager.run` does; its name in errors is `Class.method`.
 *
 * For methods of whatever Nest creates: providers of every scope, controllers, resolvers. What other decorators have noted on
 * the method stays. The method has to return a promise, and its result is one; an `Observable`, a generator or a stream
 * would only begin to work after the commit.
 *
 * @throws {@link InvalidOptionsError} when the class is defined, for options that are wrong, a static method, a generator,
 *   or a property
 *
 * @example
 * \@Transactional({ isolationLevel: 'Serializable' })
 * async place(customerId: number): Promise<Order> { … }
 *
 * @public
 */
export function Transactional({ connection, ...options }: TransactionalOptions = {}): MethodDecorator {
  return (target, property, descriptor?: PropertyDescriptor) => {
    const name = nameOf(target, property);
    const original = methodOf(target, name, descriptor);
    checkOptions(options, name);
    const owner = connection ?? DEFAULT_CONNECTION;
    const key = injectManager(target, owner);
    const run = { name, ...options };
    const transactional: Method = async function (...parameters) {
      if (typeof this !== 'object' || this === null) {
        throw InvalidOptionsError.at(
          '@Transactional',
          name,
          'was called without the object it belongs to. Call it as a method, or bind it before it is passed on.',
        );
      }
      const manager = Reflect.get(this, key) as TransactionManager | undefined;
      if (manager === undefined) {
        throw InvalidOptionsError.at(
          '@Transactional',
          name,
          'was called on an object that Nest has not created, so there is no transaction for it. Provide the class in a module.',
        );
      }
      return await manager.run(async () => await original.apply(this, parameters), run);
    };
    keepAppearance(original, transactional);
    const method: TransactionalMethod = {
      name,
      connection: owner,
      returns: Reflect.getMetadata('design:returntype', target, property),
    };
    Reflect.defineMetadata(METHOD, method, transactional);
    return { ...descriptor, value: transactional } as never;
  };
}

/** What the decorator has noted on a function; undefined on any other. */
export function transactionalMethod(method: unknown): TransactionalMethod | undefined {
  if (typeof method !== 'function') return undefined;
  return Reflect.getMetadata(METHOD, method) as TransactionalMethod | undefined;
}

/** The property of an instance that holds the manager. */
export function managerKey(connection: string): string {
  return `nestjs-database:${connection}:TransactionManager`;
}

function nameOf(target: object, property: PropertyKey): string {
  const owner = typeof target === 'function' ? target : target.constructor;
  return `${owner.name}.${String(property)}`;
}

function methodOf(target: object, name: string, descriptor: PropertyDescriptor | undefined): Method {
  const value: unknown = descriptor?.value;
  const refuse = (problem: string) => InvalidOptionsError.at('@Transactional', name, problem);
  if (typeof target === 'function') throw refuse('is static, and belongs to no instance that Nest creates.');
  if (typeof value !== 'function')
    throw refuse('is no method. Functions in properties and accessors cannot be decorated.');
  if (/^(?:Async)?GeneratorFunction$/.test(value.constructor.name))
    throw refuse(
      'is a generator, whose work begins after it has returned. Use `transactions.run` inside of it.',
    );
  return value as Method;
}

function checkOptions(options: TransactionOptions, name: string): void {
  const validator = new OptionValidator();
  resolveTransactionOptions(options, validator);
  if (validator.violations.length > 0)
    throw new InvalidOptionsError(`@Transactional of ${name}`, validator.violations);
}

/** Has Nest inject the manager into each instance, of every scope; it shows in no listing of the instance's properties. */
function injectManager(target: object, connection: string): string {
  const key = managerKey(connection);
  if (key in target) return key;
  Object.defineProperty(target, key, {
    configurable: true,
    get: () => undefined,
    set(this: object, value: unknown) {
      Object.defineProperty(this, key, { value, configurable: true, writable: true });
    },
  });
  Inject(connectionToken(TransactionManager, connection))(target, key);
  return key;
}

/** Nest and its companions find their routes, guards and handlers by what they have noted on the function itself, or set on it. */
function keepAppearance(original: Method, replacement: Method): void {
  for (const key of Reflect.ownKeys(original)) {
    const property = Reflect.getOwnPropertyDescriptor(original, key);
    if (property !== undefined && !OF_THE_FUNCTION.has(key))
      Object.defineProperty(replacement, key, property);
  }
  for (const key of Reflect.getOwnMetadataKeys(original) as (string | symbol)[])
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, original), replacement);
}

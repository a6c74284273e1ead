import type { Type } from '@nestjs/common';
import { InvalidOptionsError } from '../config/config.errors.js';

/** The connection that has no name of its own. */
export const DEFAULT_CONNECTION = 'default';

const CONNECTION_NAME = /^[A-Za-z][\w-]{0,62}$/;

/**
 * A class that Nest can provide, abstract ones included.
 *
 * @public
 */
export type Injected<Instance = unknown> =
  Type<Instance> | (abstract new (...parameters: never[]) => Instance);

/**
 * The token under which a connection provides a service: the class itself for the default connection, a readable text
 * for a named one, which is what an error of Nest about a missing provider shows.
 *
 * @throws {@link InvalidOptionsError} when the name cannot be one
 */
export function connectionToken<Instance>(
  service: Injected<Instance>,
  connection: string = DEFAULT_CONNECTION,
): Injected<Instance> | string {
  assertConnectionName(connection);
  return connection === DEFAULT_CONNECTION ? service : `${connection}:${service.name}`;
}

/** What is wrong with something that belongs to a connection which nobody has registered. */
export function noConnection(name: string, known: readonly string[]): string {
  return `belongs to the connection "${name}", which no DatabaseModule of this application opens. Known are: ${known.join(', ')}.`;
}

/** @throws {@link InvalidOptionsError} when the name cannot be that of a connection */
export function assertConnectionName(name: unknown): asserts name is string {
  if (typeof name === 'string' && CONNECTION_NAME.test(name)) return;
  throw new InvalidOptionsError('The connection', [
    {
      path: 'name',
      problem: 'is no name: expected a letter, then letters, digits, "_" or "-", at most 63 characters.',
    },
  ]);
}

import type { ModulesContainer } from '@nestjs/core';
import { noConnection } from '../client/connection-tokens.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import type { FoundSaga } from './saga-registry.js';
import { sagaMetadata } from './saga.decorator.js';

/**
 * The instances that Nest has made of classes with `@Saga`, of one connection.
 *
 * @throws {@link InvalidOptionsError} for one that is made anew for each request: it has to be there when nobody asks
 */
export function sagaClassesOf(modules: ModulesContainer, connection: string): FoundSaga[] {
  const found = new Map<object, FoundSaga>();
  for (const module of modules.values()) {
    for (const wrapper of module.providers.values()) {
      // A factory may have made it.
      const instance: unknown = wrapper.instance;
      const type: unknown = typeof instance === 'object' ? instance?.constructor : undefined;
      if (sagaMetadata(wrapper.metatype)?.connection === connection && !wrapper.isDependencyTreeStatic()) {
        throw InvalidOptionsError.at(
          '@Saga',
          (wrapper.metatype as { name: string }).name,
          'is made anew for each request, or injects something that is. A saga goes on when there is no request: give it the default scope.',
        );
      }
      if (sagaMetadata(type)?.connection !== connection) continue;
      found.set(type as object, { type: type as object, instance: instance as object });
    }
  }
  return [...found.values()];
}

/**
 * Refuses sagas of connections that the application does not have: nobody would look for them.
 *
 * @throws {@link InvalidOptionsError} that names the first one
 */
export function refuseStraySagas(modules: ModulesContainer, known: readonly string[]): void {
  for (const module of modules.values()) {
    for (const { instance, metatype } of module.providers.values()) {
      const made: unknown = (Object(instance) as object).constructor;
      for (const type of [metatype, made]) {
        const connection = sagaMetadata(type)?.connection;
        if (connection === undefined || known.includes(connection)) continue;
        throw InvalidOptionsError.at(
          '@Saga',
          (type as { name: string }).name,
          noConnection(connection, known),
        );
      }
    }
  }
}

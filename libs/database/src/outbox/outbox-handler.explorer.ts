import type { ModulesContainer } from '@nestjs/core';
import { noConnection } from '../client/connection-tokens.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { outboxHandlersOf, type OutboxHandlerMethod } from './outbox-handler.decorator.js';
import type { OutboxDeliver } from './outbox-sink.port.js';
import type { SinkRegistry } from './sink-registry.js';

/**
 * Finds the methods with `@OutboxHandler` of one connection, in everything that Nest has made.
 *
 * @throws {@link InvalidOptionsError} for a second sink of a topic, and for a handler in a class of which there is no instance
 *   as long as the application lives
 */
export function registerOutboxHandlers(
  modules: ModulesContainer,
  connection: string,
  registry: SinkRegistry,
): void {
  const seen = new Set<unknown>();
  for (const module of modules.values()) {
    for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
      const { metatype } = wrapper;
      if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) {
        refuseShortLived(metatype, connection);
        continue;
      }
      const instance: unknown = wrapper.instance;
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      for (const { topic, name, property } of handlersOf(Object.getPrototypeOf(instance), connection)) {
        // Read at each call: what was put around the method later counts.
        const deliver: OutboxDeliver = (message, context) =>
          (Reflect.get(instance, property) as OutboxDeliver).call(instance, message, context);
        registry.add(topic, { deliver }, name);
      }
    }
  }
}

/**
 * Refuses handlers where there is no outbox: they would never be called.
 *
 * @throws {@link InvalidOptionsError} that names the first one
 */
export function refuseOutboxHandlers(modules: ModulesContainer, connection: string): void {
  for (const module of modules.values()) {
    for (const { metatype } of [...module.providers.values(), ...module.controllers.values()]) {
      const [handler] = typeof metatype === 'function' ? handlersOf(metatype.prototype, connection) : [];
      if (handler === undefined) continue;
      throw InvalidOptionsError.at(
        '@OutboxHandler',
        handler.name,
        `is for the outbox of the connection "${connection}", which is not configured. Give the option \`outbox: {}\`.`,
      );
    }
  }
}

/**
 * Refuses handlers for connections that the application does not have: nobody would look for them.
 *
 * @throws {@link InvalidOptionsError} that names the first one
 */
export function refuseStrayHandlers(modules: ModulesContainer, known: readonly string[]): void {
  for (const module of modules.values()) {
    for (const { metatype } of [...module.providers.values(), ...module.controllers.values()]) {
      const all = typeof metatype === 'function' ? handlersOf(metatype.prototype) : [];
      const stray = all.find(({ connection }) => !known.includes(connection));
      if (stray !== undefined)
        throw InvalidOptionsError.at('@OutboxHandler', stray.name, noConnection(stray.connection, known));
    }
  }
}

function refuseShortLived(metatype: unknown, connection: string): void {
  if (typeof metatype !== 'function') return;
  const [handler] = handlersOf(metatype.prototype, connection);
  if (handler === undefined) return;
  throw InvalidOptionsError.at(
    '@OutboxHandler',
    handler.name,
    'belongs to a class that is made for each request or each injection. Put it into one that lives as long as the application.',
  );
}

/** Of one connection, or of all. */
function handlersOf(
  start: unknown,
  connection?: string,
): (OutboxHandlerMethod & { readonly property: PropertyKey })[] {
  const found = new Map<PropertyKey, (OutboxHandlerMethod & { readonly property: PropertyKey })[]>();
  for (
    let prototype = start;
    typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const property of Reflect.ownKeys(prototype)) {
      // The nearest of the name counts.
      if (found.has(property)) continue;
      const value: unknown = Object.getOwnPropertyDescriptor(prototype, property)?.value;
      const methods = outboxHandlersOf(value).filter(
        (method) => connection === undefined || method.connection === connection,
      );
      found.set(
        property,
        methods.map((method) => ({ ...method, property })),
      );
    }
  }
  return [...found.values()].flat();
}

import type { ModulesContainer } from '@nestjs/core';
import type { Injected } from './client/connection-tokens.js';
import { NotConfiguredError } from './config/config.errors.js';

const CONSTRUCTOR_TYPES = 'design:paramtypes';
const CONSTRUCTOR_TOKENS = 'self:paramtypes';
const OPTIONAL_PARAMETERS = 'optional:paramtypes';
const PROPERTY_TOKENS = 'self:properties_metadata';
const OPTIONAL_PROPERTIES = 'optional:properties_metadata';

/**
 * Refuses the start when somebody injects `service` although it is switched off; otherwise the first use would fail
 * with "cannot read properties of undefined", perhaps days later.
 *
 * @throws {@link NotConfiguredError} that names every class that injects it without `@Optional()`
 */
export function assertInjectable(
  modules: ModulesContainer,
  service: Injected | string,
  remedy: string,
): void {
  const consumers = new Set<string>();
  for (const module of modules.values()) {
    for (const wrapper of [
      ...module.providers.values(),
      ...module.controllers.values(),
      ...module.injectables.values(),
    ]) {
      const { inject, metatype } = wrapper;
      if (
        Array.isArray(inject)
          ? inject.includes(service)
          : typeof metatype === 'function' && injects(metatype, service)
      ) {
        consumers.add(describeToken(wrapper.name));
      }
    }
  }
  if (consumers.size > 0) throw new NotConfiguredError(describeToken(service), [...consumers], remedy);
}

/** Nest types the name as a string, yet gives the token itself for factories. */
function describeToken(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- Nest's own type of a provider class
function injects(consumer: Function, service: Injected | string): boolean {
  const types = [...(metadata<unknown[]>(CONSTRUCTOR_TYPES, consumer) ?? [])];
  for (const { index, param } of metadata<{ index: number; param: unknown }[]>(
    CONSTRUCTOR_TOKENS,
    consumer,
  ) ?? []) {
    types[index] = param;
  }
  const optional = metadata<number[]>(OPTIONAL_PARAMETERS, consumer) ?? [];
  if (types.some((type, index) => type === service && !optional.includes(index))) return true;
  const optionalProperties = metadata<unknown[]>(OPTIONAL_PROPERTIES, consumer) ?? [];
  return (metadata<{ key: unknown; type: unknown }[]>(PROPERTY_TOKENS, consumer) ?? []).some(
    ({ key, type }) => type === service && !optionalProperties.includes(key),
  );
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- see above
function metadata<Value>(key: string, target: Function): Value | undefined {
  return Reflect.getMetadata(key, target) as Value | undefined;
}

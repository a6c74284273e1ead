import { Logger, type OnModuleInit } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import { connectionToken } from '../client/connection-tokens.js';
import { managerKey, transactionalMethod, type TransactionalMethod } from './transactional.decorator.js';
import { TransactionManager } from './transaction-manager.js';

/**
 * Looks at the start for methods with `@Transactional` that cannot work, and says so; instances that a factory of the
 * application has made get their manager here, as Nest injects into none of them.
 */
export class TransactionalExplorer implements OnModuleInit {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly reference: ModuleRef,
  ) {}

  onModuleInit(): void {
    const seen = new Set<object>();
    for (const module of this.modules.values()) {
      for (const { instance } of [...module.providers.values(), ...module.controllers.values()]) {
        if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
        seen.add(instance);
        for (const method of transactionalMethods(instance)) this.check(instance, method);
      }
    }
  }

  private check(instance: object, { name, connection, returns }: TransactionalMethod): void {
    if (returns !== undefined && returns !== Promise && returns !== Object) {
      const type = typeof returns === 'function' ? returns.name : 'something else';
      Logger.warn(
        `${name} has @Transactional and returns ${type}, not a promise: its callers get a promise all the same, and what works ` +
          'after it has returned is refused. Make it async.',
        'Transactional',
      );
    }
    const key = managerKey(connection);
    if (Reflect.get(instance, key) !== undefined) return;
    try {
      Reflect.set(
        instance,
        key,
        this.reference.get(connectionToken(TransactionManager, connection), { strict: false }),
      );
    } catch {
      Logger.warn(
        `${name} has @Transactional, and there is no connection \`${connection}\` for it: calls will fail. Register the connection ` +
          'with DatabaseModule, or name another one.',
        'Transactional',
      );
    }
  }
}

function transactionalMethods(instance: object): TransactionalMethod[] {
  const found = new Map<string, TransactionalMethod>();
  for (
    let prototype: unknown = Object.getPrototypeOf(instance);
    typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const method = transactionalMethod(value);
      if (method !== undefined && !found.has(key)) found.set(key, method);
    }
  }
  return [...found.values()];
}

import { Logger, Scope, type OnModuleInit } from '@nestjs/common';
import type { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { connectionToken } from '../client/connection-tokens.js';
import { managerKey, transactionalMethod, type TransactionalMethod } from './transactional.decorator.js';
import { TransactionManager } from './transaction-manager.js';

/**
 * Looks at the start for methods with `@Transactional` that cannot work, and says so; instances that a factory of the
 * application has made get their manager here, as Nest injects into none of them.
 */
export class TransactionalExplorer implements OnModuleInit {
  private readonly warned = new Set<string>();

  constructor(
    private readonly modules: ModulesContainer,
    private readonly reference: ModuleRef,
  ) {}

  onModuleInit(): void {
    const seen = new Set<unknown>();
    for (const module of this.modules.values()) {
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
        if (wrapper.isFactory) this.followFactory(wrapper);
        const copies = wrapper.getStaticTransientInstances().map((copy) => copy?.instance);
        for (const instance of [wrapper.instance, ...copies]) {
          if (seen.has(instance)) continue;
          seen.add(instance);
          this.prepare(instance);
        }
      }
    }
  }

  /** Those of a request, and those that each of its users gets, are made later. */
  private followFactory(wrapper: InstanceWrapper): void {
    const { metatype: factory, scope = Scope.DEFAULT } = wrapper;
    const isStatic = scope === Scope.DEFAULT && wrapper.isDependencyTreeStatic();
    if (isStatic || typeof factory !== 'function') return;
    wrapper.metatype = async (...parameters: unknown[]) => {
      const instance: unknown = await (factory as (...all: unknown[]) => unknown)(...parameters);
      this.prepare(instance);
      return instance;
    };
  }

  private prepare(instance: unknown): void {
    if (typeof instance !== 'object' || instance === null) return;
    for (const method of transactionalMethods(instance)) this.check(instance, method);
  }

  private check(instance: object, { name, connection, returns }: TransactionalMethod): void {
    if (returns !== undefined && returns !== Promise && returns !== Object) {
      const type = typeof returns === 'function' ? returns.name : 'something else';
      this.warn(
        `${name} has @Transactional and returns ${type}, not a promise: its callers get a promise all the same, and what works ` +
          'after it has returned is refused. Make it async.',
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
      this.warn(
        `${name} has @Transactional, and there is no connection \`${connection}\` for it: calls will fail. Register the connection ` +
          'with DatabaseModule, or name another one.',
      );
    }
  }

  /** Once, however many instances there are. */
  private warn(line: string): void {
    if (this.warned.has(line)) return;
    this.warned.add(line);
    Logger.warn(line, 'Transactional');
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

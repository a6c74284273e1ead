import { InvalidOptionsError } from '../config/config.errors.js';
import type { RegisteredSaga, SagaEngine } from './saga-engine.port.js';
import { SagaPlan } from './saga-plan.js';
import type { SagaClass } from './saga.decorator.js';
import { sagaMetadata } from './saga.decorator.js';

/** An instance of a class with `@Saga`. */
export interface FoundSaga {
  readonly type: object;
  readonly instance: object;
}

/** The sagas of one connection, and the engine that runs them. */
export class SagaRegistry {
  private readonly byClass = new Map<object, RegisteredSaga>();
  private find: () => readonly FoundSaga[] = () => [];
  private starting: Promise<void> | undefined;

  constructor(readonly engine: SagaEngine) {}

  /** Where the classes are looked for, once they are needed. */
  provide(find: () => readonly FoundSaga[]): void {
    this.find = find;
  }

  /**
   * Starts the engine with all that there is; once, however often it is called.
   *
   * @throws {@link InvalidOptionsError} for classes that are no saga, and for two with the same name and version
   * @throws {@link SagaDefinitionChangedError} for steps that have changed under the same version
   */
  start(): Promise<void> {
    this.starting ??= this.collectAndStart();
    return this.starting;
  }

  /** @throws {@link InvalidOptionsError} for a class that no module provides */
  async of<Input, Result>(type: SagaClass<Input, Result>): Promise<RegisteredSaga> {
    await this.start();
    const saga = this.byClass.get(type);
    if (saga !== undefined) return saga;
    throw InvalidOptionsError.at(
      'SagaService',
      type.name,
      'is no saga of this connection. Decorate it with `@Saga`, name its `connection` where that is not the default one, and provide it in a module.',
    );
  }

  private async collectAndStart(): Promise<void> {
    const names = new Set<string>();
    for (const { type, instance } of this.find()) {
      const saga = registered(type, instance);
      const name = `${saga.name} ${saga.version}`;
      if (names.has(name))
        throw InvalidOptionsError.at('@Saga', saga.name, `has two classes of the version ${saga.version}.`);
      names.add(name);
      this.byClass.set(type, saga);
    }
    await this.engine.start([...this.byClass.values()]);
  }
}

function registered(type: object, instance: object): RegisteredSaga {
  const metadata = sagaMetadata(type);
  const plan: unknown = Reflect.get(instance, 'steps');
  if (metadata === undefined || !(plan instanceof SagaPlan)) {
    throw InvalidOptionsError.at(
      '@Saga',
      `${instance.constructor.name}.steps`,
      'is no list of steps. Give it what `saga<Input>()…result(…)` returns.',
    );
  }
  const { name, version, deadlineMs, maxRecoveries } = metadata;
  const { fingerprint } = plan;
  return {
    name,
    version,
    fingerprint,
    deadlineMs,
    maxRecoveries,
    plan: plan as SagaPlan<unknown, unknown>,
  };
}

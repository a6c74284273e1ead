import { PostgresSagaEngine } from './journal/postgres-saga.engine.js';
import {
  resolvePostgresSagaOptions,
  type PostgresSagaOptions,
  type ResolvedPostgresSagaOptions,
} from './postgres-saga.options.js';
import type { SagaEngine, SagaEngineFactory, SagaHost } from './saga-engine.port.js';

/**
 * Sagas in the application's own database: what a `tx` step writes and its place in the journal are committed together, and
 * whoever crashes is taken over by any other instance.
 *
 * @throws {@link InvalidOptionsError} for options that cannot be used
 *
 * @public
 */
export function postgresSagaEngine(options: PostgresSagaOptions = {}): SagaEngineFactory {
  return new PostgresSagaEngineFactory(resolvePostgresSagaOptions(options));
}

class PostgresSagaEngineFactory implements SagaEngineFactory {
  readonly name = 'PostgreSQL';
  readonly needsTables = true;

  constructor(private readonly options: ResolvedPostgresSagaOptions) {}

  create(host: SagaHost): SagaEngine {
    return new PostgresSagaEngine(host, this.options);
  }
}

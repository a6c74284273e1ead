import type { INestApplicationContext, Type } from '@nestjs/common';
import { jest } from '@jest/globals';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  Database,
  postgresSagaEngine,
  SAGA_CHANNELS,
  SagaService,
  TransactionManager,
  type DatabaseModuleOptions,
  type PostgresSagaOptions,
  type SagaOptions,
  type SagaProgressEvent,
} from '../../../libs/database/src/index.js';
import { databaseModule, startApplication } from '../database-application.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';

/** Leases and looks that a test can wait for. */
export const QUICK: PostgresSagaOptions = { leaseMs: 1_000, pollMs: 50 };

/** One instance of an application with sagas. */
export class SagaInstance {
  constructor(readonly app: INestApplicationContext) {}

  get sagas(): SagaService {
    return this.app.get(SagaService);
  }

  get transactions(): TransactionManager {
    return this.app.get(TransactionManager);
  }

  get db(): Database {
    return this.app.get(Database);
  }

  close(): Promise<void> {
    return this.app.close();
  }
}

interface InstanceOptions {
  readonly engine?: PostgresSagaOptions;
  readonly saga?: SagaOptions;
  readonly module?: Partial<DatabaseModuleOptions>;
}

/** A database for the sagas of a suite, and as many instances as a test wants, which end with it. */
export class SagaBench {
  readonly events: SagaProgressEvent[] = [];
  private readonly instances: SagaInstance[] = [];
  private hook: ((event: SagaProgressEvent) => void) | undefined;
  private readonly listen = (event: unknown) => {
    this.events.push(event as SagaProgressEvent);
    this.hook?.(event as SagaProgressEvent);
  };

  constructor(readonly database: TestDatabase) {
    subscribe(SAGA_CHANNELS.progress, this.listen);
  }

  /** Calls `hook` at each point that a saga comes to. */
  at(hook: (event: SagaProgressEvent) => void): void {
    this.hook = hook;
  }

  async start(sagas: readonly Type[], { engine, saga, module }: InstanceOptions = {}): Promise<SagaInstance> {
    const options: SagaOptions = { engine: postgresSagaEngine({ ...QUICK, ...engine }), ...saga };
    const app = await startApplication({
      imports: [databaseModule(this.database, { saga: options, ...module })],
      providers: [...sagas],
    });
    const instance = new SagaInstance(app);
    this.instances.push(instance);
    return instance;
  }

  /** The points of a saga, in the order in which it came to them: `do reserve recorded`. */
  points(key: string): string[] {
    return this.events
      .filter((event) => event.key === key && event.point !== 'beat')
      .map(({ point, step, direction, state }) => [direction, step, state, point].filter(Boolean).join(' '));
  }

  /** Rows of a table of the journal. */
  async rows<Row extends Record<string, unknown>>(table: string, where = 'true', values: unknown[] = []) {
    return await this.database.query<Row>(`SELECT * FROM nestjs_database.${table} WHERE ${where}`, values);
  }

  /** Names of the stored categories: what `tx` steps write. */
  async stored(): Promise<string[]> {
    return (await this.database.query<{ name: string }>('SELECT name FROM category ORDER BY name')).map(
      ({ name }) => name,
    );
  }

  async reset(): Promise<void> {
    this.hook = undefined;
    await Promise.all(this.instances.splice(0).map((instance) => instance.close()));
    this.events.length = 0;
    await this.database.query('TRUNCATE category CASCADE');
    await this.database.query('DROP SCHEMA IF EXISTS nestjs_database CASCADE');
  }

  async close(): Promise<void> {
    unsubscribe(SAGA_CHANNELS.progress, this.listen);
    await this.database.drop();
  }
}

/** Gives the suite a bench; each test begins without tables of the library. */
export function useSagaBench(use: (bench: SagaBench) => void): void {
  jest.setTimeout(30_000);
  let bench: SagaBench | undefined;
  beforeAll(async () => {
    bench = new SagaBench(await createTestDatabase());
    use(bench);
  });
  afterEach(() => bench?.reset());
  afterAll(() => bench?.close());
}

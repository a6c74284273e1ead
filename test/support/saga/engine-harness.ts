import {
  Database,
  ephemeral,
  postgresSagaEngine,
  SagaService,
  TransactionManager,
  type SagaCapabilities,
  type SagaEngineFactory,
} from '../../../libs/database/src/index.js';
import type {
  ConformanceEffects,
  ConformanceInstance,
  ConformanceInstanceOptions,
  ConformanceLine,
  SagaEngineHarness,
} from '../../../libs/database/src/testing/index.js';
import { databaseModule, startApplication } from '../database-application.js';
import { FaultProxy, stall } from '../fault-proxy/index.js';
import type { TestDatabase } from '../test-database.js';

const POLL_MS = 50;
/** How long somebody waits for a connection that others have. */
const PATIENCE_MS = 10_000;

/** Every application with a proxy of its own between it and the database. */
export class PostgresHarness implements SagaEngineHarness {
  static readonly promises: SagaCapabilities = {
    durable: true,
    exactlyOnceSteps: true,
    sharedKeys: true,
    joinsTransactions: true,
    keepsContext: true,
    retention: true,
    events: true,
  };
  readonly capabilities = PostgresHarness.promises;

  constructor(
    private readonly database: TestDatabase,
    private readonly wrap: (engine: SagaEngineFactory) => SagaEngineFactory = (engine) => engine,
  ) {}

  /** Makes the table that `tx` steps write to. */
  async prepare(): Promise<void> {
    await this.database.query('CREATE TABLE effect (id bigserial PRIMARY KEY, text text NOT NULL)');
  }

  async open(options: ConformanceInstanceOptions): Promise<ConformanceInstance> {
    const proxy = await FaultProxy.start({ upstream: this.database.url });
    const { leaseMs, retentionMs = false, executes } = options;
    const engine = this.wrap(
      postgresSagaEngine({ leaseMs, retentionMs, execute: executes, pollMs: POLL_MS }),
    );
    try {
      const instance = await open(proxy.url, engine, options);
      const { close } = instance;
      return {
        ...instance,
        line: lineOf(proxy),
        close: async () => {
          await close();
          await proxy.close();
        },
      };
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }
}

/** Sagas in memory, and effects as well. */
export class EphemeralHarness implements SagaEngineHarness {
  static readonly promises: SagaCapabilities = {
    durable: false,
    exactlyOnceSteps: false,
    sharedKeys: false,
    joinsTransactions: true,
    keepsContext: true,
    retention: false,
    events: false,
  };
  readonly capabilities: SagaCapabilities;

  constructor(
    private readonly database: TestDatabase,
    private readonly wrap: (engine: SagaEngineFactory) => SagaEngineFactory = (engine) => engine,
    promises: Partial<SagaCapabilities> = {},
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.capabilities = { ...EphemeralHarness.promises, ...promises };
  }

  async open(options: ConformanceInstanceOptions): Promise<ConformanceInstance> {
    const { effects: _inDatabase, ...instance } = await open(
      this.database.url,
      this.wrap(ephemeral()),
      options,
      this.patienceMs,
    );
    return instance;
  }
}

async function open(
  url: string,
  engine: SagaEngineFactory,
  { providers, context, maxConnections, events }: ConformanceInstanceOptions,
  patienceMs = PATIENCE_MS,
): Promise<ConformanceInstance> {
  const app = await startApplication({
    imports: [
      databaseModule(
        { url },
        {
          saga: { engine, context, events },
          ...(events && { outbox: { pollMs: POLL_MS, leaseMs: 1_000 } }),
          pool: {
            max: maxConnections,
            min: 0,
            acquireTimeoutMs: patienceMs,
            connectTimeoutMs: Math.min(9_000, patienceMs),
          },
          // Many sagas share few connections: one that lost patience would be taken up anew, and count its attempts from there.
          transaction: { maxWaitMs: patienceMs, timeoutMs: 20_000 },
          shutdown: { timeoutMs: 2_000, drainMs: 0 },
        },
      ),
    ],
    providers: [...providers],
  });
  return {
    sagas: app.get(SagaService),
    transactions: app.get(TransactionManager),
    effects: new TableEffects(app.get(Database)),
    close: () => app.close(),
  };
}

class TableEffects implements ConformanceEffects {
  constructor(private readonly db: Database) {}

  async write(effect: string): Promise<void> {
    await this.db.query('INSERT INTO effect (text) VALUES ($1)', [effect]);
  }

  async read(): Promise<string[]> {
    const rows = await this.db.query<{ text: string }>('SELECT text FROM effect ORDER BY id');
    return rows.map(({ text }) => text);
  }

  async fail(why: 'refused' | 'conflict'): Promise<unknown> {
    const state = why === 'conflict' ? '40001' : 'P0001';
    return await this.db.query(`DO $$ BEGIN RAISE EXCEPTION 'asked for' USING ERRCODE = '${state}'; END $$`);
  }
}

function lineOf(proxy: FaultProxy): ConformanceLine {
  let crashed = false;
  return {
    break(how) {
      if (crashed) return;
      crashed = how === 'crash';
      if (how === 'lost-answer')
        proxy.onRequest({ statement: /nestjs_database|COMMIT/ }, { do: 'cutOnReply' });
      else if (how === 'stall') proxy.add(stall());
      else {
        proxy.refuse();
        proxy.cut('rst');
      }
    },
    async mend() {
      if (!crashed) await proxy.heal();
    },
  };
}

import { Logger } from '@nestjs/common';
import type { TransactionClient } from './client/database-register.js';
import type { PrismaService } from './client/prisma.service.js';
import { withDeadline } from './common/deadline.js';
import { SharedWork } from './common/shared-work.js';
import type { ResolvedDatabaseOptions } from './database.options.js';
import { UnavailableError } from './errors/connection.errors.js';
import { createNotifications, createOutbox, createSagas, holdingsOf } from './connection-parts.js';
import { deployLibrarySchema } from './deploy-library-schema.js';
import type { ErrorCode } from './errors/error-codes.js';
import { ConnectionProbe } from './health/connection-probe.js';
import { ConnectionSupervisor } from './lifecycle/connection-supervisor.js';
import { DatabaseStateControl } from './lifecycle/database-state.control.js';
import type { Holding, ShutdownMember } from './lifecycle/shutdown-coordinator.js';
import { StartInterruption } from './lifecycle/start-interruption.js';
import { QueryLog } from './logging/query-log.js';
import { DatabasePool } from './postgres/database-pool.js';
import type { NotificationListener } from './postgres/notification-listener.js';
import { openProbeSession } from './postgres/probe-session.js';
import { readDataModel } from './client/data-model.js';
import { PoolSqlExecutor } from './postgres/pool-sql-executor.js';
import type { OutboxService } from './outbox/outbox-service.js';
import { createAmbientClient } from './prisma/ambient-client.js';
import { ClientView } from './prisma/client-view.js';
import { createPrismaService } from './prisma/ambient-prisma.service.js';
import { createPrismaClient } from './prisma/prisma-client.factory.js';
import { PrismaMigrationRunner } from './prisma/prisma-migration.runner.js';
import { ScopeMembers } from './prisma/scope-members.js';
import { PrismaTransactionRunner } from './prisma/prisma-transaction.runner.js';
import { isDecimal, parseDecimal } from './prisma/decimal.js';
import { CursorKeys } from './query/cursor-keys.js';
import { Database } from './query/database.js';
import type { DatabaseParts } from './query/typed-database.js';
import { ModelCatalog } from './query/model-catalog.js';
import { RedisService } from './redis/redis.service.js';
import type { SagaRegistry } from './saga/saga-registry.js';
import { RetryBudget } from './resilience/retry-budget.js';
import { TransactionContext } from './transaction/transaction-context.js';
import { openTransaction, TransactionPlace } from './transaction/transaction-place.js';
import { TransactionWatch } from './transaction/transaction-watch.js';
import { AmbientTransactionManager } from './transaction/ambient-transaction-manager.js';
import type { TransactionManager } from './transaction/transaction-manager.js';

/** How long an attempt that was given up on may take to end after its sockets were closed. */
const SETTLE_MS = 2_000;

/** The part of the time for closing that steps of sagas, and messages that are being delivered, may take to end. */
const WORK_RATIO = 0.8;

/** What says of a failed connect that nobody else will get one either; a full server or pool heals by itself. */
const MEANS_AWAY = new Set<ErrorCode>(['UNAVAILABLE', 'AUTH', 'TLS']);

/** Where a connection writes what it has to say. */
export interface ConnectionLog {
  info(line: string): void;
  warn(line: string): void;
}

/** Everything that belongs to one set of options: opened together, closed together. */
export class DatabaseConnection implements ShutdownMember {
  readonly state: DatabaseStateControl;
  readonly prisma: PrismaService;
  readonly transactions: TransactionManager;
  readonly database: Database;
  /** Absent where it is not configured. */
  readonly outbox: OutboxService | undefined;
  /** Absent where Redis is switched off. */
  readonly redis: RedisService | undefined;
  readonly shutdown: ResolvedDatabaseOptions['shutdown'];
  readonly holdings: readonly Holding[];
  private readonly ownRedis: RedisService | undefined;
  readonly pool: DatabasePool;
  readonly probe: ConnectionProbe;
  readonly notifications: NotificationListener;
  /** Absent where they are switched off. */
  readonly sagas: SagaRegistry | undefined;
  private readonly queryLog: QueryLog;
  private readonly supervisor: ConnectionSupervisor;
  /** One attempt at a time: the supervisor and `connect` share it. */
  private readonly opening = new SharedWork((signal) => this.openEverything(signal));
  private closing: Promise<void> | undefined;
  /** Whether the tables are those that this release needs. */
  private migrated: boolean;
  /** A migration changes the database now: no wait for a connection or for the lock, which a close just ends. */
  private migrating = false;
  private everOpened = false;

  /**
   * Sends nothing yet, see {@link DatabaseConnection.start}.
   *
   * @param sharedRedis - what a named connection uses that has no Redis of its own; its owner closes it
   * @param requestId - names the request that is being served, for the query log
   * @throws {InvalidOptionsError} when `extend` returns no client, or a model hides a member of the service
   */
  constructor(
    private readonly options: ResolvedDatabaseOptions,
    private readonly log: ConnectionLog,
    sharedRedis?: RedisService,
    requestId: () => string | undefined = () => undefined,
  ) {
    const { name, startup } = options;
    this.shutdown = options.shutdown;
    this.holdings = holdingsOf(options);
    this.migrated = !options.migrations.autoDeploy && options.components.length === 0;
    this.pool = new DatabasePool(options, {
      warn: (line) => {
        log.warn(line);
      },
      connectFailed: (error) => {
        if (MEANS_AWAY.has(error.code)) this.state.reportFailure(error);
      },
      refusal: () => this.notMigrated(),
    });
    const { pool } = this;
    this.queryLog = new QueryLog({
      connection: name,
      owner: pool.target,
      options: options.logging,
      sink: new Logger('DatabaseQuery'),
      requestId,
    });
    this.probe = new ConnectionProbe({
      open: (signal) => openProbeSession({ ...options, signal, target: pool.target, logins: pool.logins }),
      details: () => ({ ...pool.usage() }),
      lastAnswerAt: () => pool.lastAnswerAt,
    });
    this.notifications = createNotifications(options, pool, log);
    this.ownRedis = options.redis === false ? undefined : new RedisService(options.redis, name);
    this.redis = this.ownRedis ?? sharedRedis;
    this.state = new DatabaseStateControl({
      connection: name,
      onDegraded: () => {
        this.supervisor.heal();
      },
      onListenerError: (error) => {
        log.warn(`A listener of the database state failed: ${String(error)}`);
      },
    });
    this.supervisor = new ConnectionSupervisor(
      {
        mode: startup.mode,
        attempts: startup.attempts,
        schedule: startup,
        open: (signal) => this.opening.join(signal),
        warn: (line) => {
          log.warn(line);
        },
        info: (line) => {
          log.info(line);
        },
      },
      this.state,
    );
    const context = new TransactionContext();
    const client = createPrismaClient({ ...options, schema: options.url.schema }, this.pool, context);
    const view = new ClientView(client);
    const members = new ScopeMembers(view, context);
    this.prisma = createPrismaService(createAmbientClient(view, context), this.probe, {
      connect: () => this.connect(),
      disconnect: () => this.close(this.shutdown.timeoutMs),
      isOpen: () => this.closing === undefined,
      closing: this.supervisor.stopped,
    });
    this.transactions = new AmbientTransactionManager(
      {
        connection: name,
        runner: new PrismaTransactionRunner(client, pool),
        context,
        leakThresholdMs: options.pool.leakThresholdMs,
        retryBudget: new RetryBudget(options.transaction.retryBudget),
        watch: new TransactionWatch({
          connection: name,
          warnAfterMs: options.transaction.warnAfterMs,
          warn: (line) => {
            log.warn(line);
          },
        }),
      },
      options.transaction,
      (scope) => members.client(scope) as unknown as TransactionClient,
    );
    const executor = new PoolSqlExecutor(pool, {
      ambient: () => {
        const scope = context.current();
        return scope === undefined ? undefined : openTransaction(context, scope);
      },
      origin: () => {
        const scope = context.entered();
        return scope === undefined ? undefined : new TransactionPlace(context, scope);
      },
      parseDecimal,
      isDecimal,
    });
    const catalog = new ModelCatalog(executor, readDataModel(client), options.url.schema, () =>
      this.transactions.isActive(),
    );
    this.outbox = createOutbox(options, this, executor, log);
    this.database = new Database({
      executor,
      catalog,
      transactions: this.transactions,
      warmUp: () => pool.warmUp(),
      pages: {
        connection: name,
        keys: new CursorKeys(options.pagination, (line) => {
          log.warn(line);
        }),
        maxPageSize: options.pagination.maxPageSize,
      },
    } satisfies DatabaseParts);
    this.sagas = createSagas(options, this, log);
  }

  /**
   * Brings the connection up as `startup.mode` says. When that fails, or SIGINT or SIGTERM comes meanwhile, everything
   * is closed again before the error is passed on.
   */
  async start(): Promise<void> {
    for (const note of this.options.notes) this.log.info(note);
    this.queryLog.open();
    const interruption = new StartInterruption(() => this.state.closingError());
    try {
      await Promise.all([this.supervisor.start(interruption.signal), this.startOptionalRedis()]);
    } catch (error) {
      await this.close(0);
      throw error;
    } finally {
      interruption.end();
    }
  }

  /** One attempt to make sure that the database answers; one that is under way is shared. */
  async connect(): Promise<void> {
    this.state.throwIfClosing();
    if (this.state.status === 'ready' && this.everOpened) return;
    const { pool, timeouts } = this.options;
    const patience = new AbortController();
    const timer = setTimeout(
      () => {
        patience.abort(this.notMigrated() ?? this.unavailable('no answer in time'));
      },
      // A little longer than the pool has, whose error says more.
      pool.acquireTimeoutMs + timeouts.graceMs,
    );
    try {
      await this.opening.join(AbortSignal.any([patience.signal, this.supervisor.stopped]));
    } catch (error) {
      this.state.throwIfClosing();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.state.move('ready');
  }

  /**
   * Closes Redis and the pool, by force after `timeoutMs`; never rejects. Repeated calls share one close.
   *
   * @param limitMs - how long a migration that runs is waited for: one that is cut off counts as failed and blocks every
   *   later start
   */
  close(timeoutMs: number, limitMs: number = Math.max(timeoutMs, this.shutdown.timeoutMs)): Promise<void> {
    this.closing ??= this.closeEverything(timeoutMs, limitMs);
    return this.closing;
  }

  private async closeEverything(timeoutMs: number, limitMs: number): Promise<void> {
    this.state.move('draining', 'The connection is closing.');
    // Ends every wait, that for the migration lock included, but no migration that runs.
    this.supervisor.stop();
    const settleMs = this.migrating ? limitMs : Math.min(SETTLE_MS, limitMs);
    const started = performance.now();
    const workMs = Math.round(timeoutMs * WORK_RATIO);
    // First: what they finish needs the pool, and perhaps Redis.
    await Promise.all([this.outbox?.stop(workMs), this.sagas?.engine.stop(workMs)]);
    const { active } = this.pool.usage();
    await Promise.all([
      this.ownRedis?.disconnect(),
      this.probe.close(),
      this.notifications.close(),
      this.pool.close(Math.max(0, timeoutMs - Math.round(performance.now() - started))),
      settled(this.opening.ended, settleMs),
    ]);
    if (this.migrating) {
      this.log.warn(
        `A migration still runs ${settleMs} ms after the close began; it is left to itself, and fails if the process ends now.`,
      );
    }
    if (active > 0 && performance.now() - started >= timeoutMs) {
      this.log.warn(
        `Closing has cut off connections that were still busy after ${timeoutMs} ms (busy=${active}).`,
      );
    }
    this.queryLog.close();
    this.state.move('closed');
  }

  private async openEverything(signal: AbortSignal): Promise<void> {
    if (!this.migrated) {
      if (this.options.migrations.autoDeploy) await this.deployMigrations(signal);
      if (this.options.components.length > 0) await this.deployLibrarySchema(signal);
      this.migrated = true;
    }
    await this.pool.probe();
    if (this.options.startup.mode !== 'degraded' && !this.everOpened) await this.ownRedis?.connect();
    if (!this.everOpened && this.options.pool.warmUp) await this.pool.warmUp();
    this.everOpened = true;
  }

  /** A server that accepts already may still have yesterday's tables. */
  private notMigrated(): UnavailableError | undefined {
    return this.migrated ? undefined : this.unavailable('its migrations have not been applied yet');
  }

  private unavailable(reason: string): UnavailableError {
    return new UnavailableError(this.pool.endpoint, reason, {
      target: { kind: 'postgres', connection: this.options.name },
    });
  }

  /** In `degraded` mode Redis does not hold up the start, and is as welcome later. */
  private async startOptionalRedis(): Promise<void> {
    if (this.options.startup.mode !== 'degraded') return;
    await this.ownRedis?.connectInBackground((error) => {
      if (this.closing === undefined)
        this.log.warn(`${(error as Error).message} It is tried again in the background.`);
    });
  }

  private deployLibrarySchema(signal: AbortSignal): Promise<void> {
    const log = (line: string) => {
      this.log.info(line);
    };
    return deployLibrarySchema(this.options, { signal, log, logins: this.pool.logins });
  }

  private async deployMigrations(signal: AbortSignal): Promise<void> {
    const { url, password, tls, applicationName, migrations } = this.options;
    const log = (line: string) => {
      this.log.info(line);
    };
    const runner = new PrismaMigrationRunner({
      ...migrations,
      url,
      password,
      tls,
      applicationName,
      log,
      signal,
      onApply: () => {
        // The close has fixed how long it waits when no migration was running yet.
        this.state.throwIfClosing();
        this.migrating = true;
      },
      logins: this.pool.logins,
    });
    try {
      await runner.deploy();
    } finally {
      this.migrating = false;
    }
  }
}

/** Waits until `work` has ended, however, for a limited time. */
async function settled(work: Promise<void> | undefined, limitMs: number): Promise<void> {
  if (work === undefined) return;
  await withDeadline(work, limitMs, () => undefined);
}

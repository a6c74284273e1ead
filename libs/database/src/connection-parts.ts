import { InvalidOptionsError } from './config/config.errors.js';
import type { ResolvedDatabaseOptions } from './database.options.js';
import type { Holding } from './lifecycle/shutdown-coordinator.js';
import type { DatabaseState } from './lifecycle/database-state.js';
import { OutboxService } from './outbox/outbox-service.js';
import type { DatabasePool } from './postgres/database-pool.js';
import { NotificationListener } from './postgres/notification-listener.js';
import { SingleConnection } from './postgres/single-connection.js';
import type { Database } from './query/database.js';
import type { SqlExecutor } from './query/sql-executor.port.js';
import type { RedisService } from './redis/redis.service.js';
import { SagaRegistry } from './saga/saga-registry.js';
import type { TransactionManager } from './transaction/transaction-manager.js';

interface Log {
  info(line: string): void;
  warn(line: string): void;
}

/** What the outbox needs of its connection. */
interface OutboxGround {
  readonly transactions: TransactionManager;
  readonly notifications: NotificationListener;
  readonly redis: RedisService | undefined;
  readonly state: DatabaseState;
}

/** What sagas need of theirs. */
interface SagaGround extends Omit<OutboxGround, 'redis'> {
  readonly database: Database;
  readonly outbox: OutboxService | undefined;
}

/** Opens nothing before somebody listens. */
export function createNotifications(
  options: ResolvedDatabaseOptions,
  pool: DatabasePool,
  log: Log,
): NotificationListener {
  const { connectTimeoutMs } = options.pool;
  const { target, logins } = pool;
  return new NotificationListener({
    open: options.pgbouncer
      ? undefined
      : (signal) => SingleConnection.open({ ...options, connectTimeoutMs, signal, target, logins }),
    send: (channel) => pool.query(`NOTIFY ${channel}`) as Promise<unknown>,
    warn: (line) => {
      log.warn(line);
    },
  });
}

/** Tables that two connections of one application would dispute about. */
export function holdingsOf({ url, librarySchema, outbox, saga }: ResolvedDatabaseOptions): Holding[] {
  const { host, port, database } = url;
  const place = `${host}:${port}/${database} ${librarySchema}`;
  const remedy = 'Give one of them a `librarySchema` of its own';
  const holdings: Holding[] = [];
  if (outbox?.deliver === true)
    holdings.push({
      id: `outbox ${place}`,
      option: 'outbox',
      problem: `each would hold messages that only the other one has a sink for. ${remedy}, or \`deliver: false\`.`,
    });
  if (saga?.engine.needsTables === true)
    holdings.push({
      id: `saga ${place}`,
      option: 'saga',
      problem: `each would take the sagas of the other one for orphans. ${remedy}.`,
    });
  return holdings;
}

/** Undefined where it is not configured; delivers nothing before its start. */
export function createOutbox(
  { name, librarySchema, outbox: options }: ResolvedDatabaseOptions,
  { transactions, notifications, redis, state }: OutboxGround,
  executor: SqlExecutor,
  log: Log,
): OutboxService | undefined {
  if (options === undefined) return undefined;
  const outbox = new OutboxService({
    connection: name,
    schema: librarySchema,
    options,
    executor,
    transactions,
    notifications,
    services: { streams: redis },
    warn: (line) => {
      log.warn(line);
    },
  });
  state.onChange(({ status }) => {
    // As soon as the application is asked to close: other instances go on with what waits.
    if (status === 'draining') outbox.beginStop();
  });
  return outbox;
}

/**
 * Undefined where they are not configured; begins nothing before its start.
 *
 * @throws {@link InvalidOptionsError} for what the engine does not have
 */
export function createSagas(
  { name, librarySchema, saga: options }: ResolvedDatabaseOptions,
  { database, transactions, notifications, outbox, state }: SagaGround,
  log: Log,
): SagaRegistry | undefined {
  if (options === undefined) return undefined;
  const { engine: factory, context, events } = options;
  const engine = factory.create({
    connection: name,
    db: database,
    transactions,
    librarySchema,
    context,
    // Without an outbox the options were refused.
    events: outbox && events && { topic: events.topic, outbox: outbox.outbox },
    isClosing: () => state.status === 'draining' || state.status === 'closed',
    notify: (channel) => {
      notifications.notify(channel);
    },
    listen: (channel, wake) => notifications.listen(channel, wake),
    info: (line) => {
      log.info(line);
    },
    warn: (line) => {
      log.warn(line);
    },
  });
  if (events !== undefined && !engine.capabilities.events)
    throw InvalidOptionsError.at(
      'DatabaseModule',
      'saga.events',
      `asks for what the engine ${factory.name} does not have: its \`capabilities.events\` is false. Leave it out, or take another engine.`,
    );
  return new SagaRegistry(engine);
}

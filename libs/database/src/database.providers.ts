import { Logger, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { connectionToken, DEFAULT_CONNECTION, type Injected } from './client/connection-tokens.js';
import { PrismaService } from './client/prisma.service.js';
import { DatabaseConnection, type ConnectionLog } from './database.connection.js';
import { DatabaseLifecycle } from './database.lifecycle.js';
import { MODULE_OPTIONS_TOKEN } from './database.module-definition.js';
import { resolveDatabaseOptions } from './database.options.js';
import { DATABASE_CONNECTION } from './database.tokens.js';
import {
  getDatabaseHealthProbeToken,
  getDatabasePoolGaugeToken,
  getRedisHealthProbeToken,
} from './health/health-probe.port.js';
import { DatabaseState } from './lifecycle/database-state.js';
import { ShutdownCoordinator } from './lifecycle/shutdown-coordinator.js';
import { RedisService } from './redis/redis.service.js';
import { Database } from './query/database.js';
import { OutboxAdmin } from './outbox/outbox-admin.js';
import { Outbox } from './outbox/outbox.js';
import { RequestContext } from './request-context/request-context.js';
import { SagaService } from './saga/saga.service.js';
import { TransactionManager } from './transaction/transaction-manager.js';

type Token = Injected | string | symbol;

/** The services of the connection `name`, under its tokens. */
export function createConnectionProviders(name: string): { providers: Provider[]; exports: Token[] } {
  const isDefault = name === DEFAULT_CONNECTION;
  const service = (token: Token, pick: (connection: DatabaseConnection) => unknown) => ({
    provide: token,
    inject: [DATABASE_CONNECTION],
    useFactory: pick,
  });
  const services = [
    service(connectionToken(PrismaService, name), ({ prisma }) => prisma),
    service(connectionToken(DatabaseState, name), ({ state }) => state),
    service(connectionToken(TransactionManager, name), ({ transactions }) => transactions),
    service(connectionToken(Database, name), ({ database }) => database),
    service(connectionToken(Outbox, name), ({ outbox }) => outbox?.outbox),
    service(connectionToken(OutboxAdmin, name), ({ outbox }) => outbox?.admin),
    service(connectionToken(RedisService, name), ({ redis }) => redis),
    service(connectionToken(SagaService, name), ({ sagas }) => sagas && new SagaService(sagas)),
    service(getDatabaseHealthProbeToken(name), ({ probe }) => probe),
    service(getDatabasePoolGaugeToken(name), ({ pool }) => pool),
    service(getRedisHealthProbeToken(name), ({ redis }) => redis),
  ];
  const connection: Provider = {
    provide: DATABASE_CONNECTION,
    inject: [
      MODULE_OPTIONS_TOKEN,
      ShutdownCoordinator,
      { token: RequestContext, optional: true },
      // Asked for by its class, so that Nest opens the default connection first where its Redis is shared.
      ...(isDefault ? [] : [{ token: RedisService, optional: true }]),
    ],
    // Opened in the factory and not in a hook: whoever injects a service waits until it works.
    useFactory: (
      options: unknown,
      coordinator: ShutdownCoordinator,
      requests?: RequestContext,
      defaultRedis?: RedisService,
    ) => openForApplication(name, options, coordinator, requests, defaultRedis),
  };
  const lifecycle: Provider = {
    provide: DatabaseLifecycle,
    inject: [DATABASE_CONNECTION, ShutdownCoordinator, ModulesContainer],
    useFactory: (opened: DatabaseConnection, coordinator: ShutdownCoordinator, modules: ModulesContainer) =>
      new DatabaseLifecycle(name, opened, coordinator, modules),
  };
  return {
    providers: [connection, ...services, lifecycle],
    exports: services.map(({ provide }) => provide),
  };
}

async function openForApplication(
  name: string,
  options: unknown,
  coordinator: ShutdownCoordinator,
  requests: RequestContext | undefined,
  defaultRedis: RedisService | undefined,
): Promise<DatabaseConnection> {
  try {
    // The options may have taken longer than another connection took to fail.
    coordinator.throwIfAbandoned(name);
    const resolved = resolveDatabaseOptions(options, name);
    const connection = new DatabaseConnection(
      resolved,
      createNestLog(name),
      hasOwnRedisOption(options) ? undefined : defaultRedis,
      () => requests?.id,
    );
    coordinator.reserve(name, connection);
    await connection.start();
    coordinator.throwIfAbandoned(name);
    return connection;
  } catch (error) {
    await coordinator.abandonStart();
    throw error;
  }
}

/** `redis: false` means none, which is more than not saying anything. */
function hasOwnRedisOption(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'redis' in options && options.redis !== undefined;
}

/** Writes through Nest's logger; a named connection says its name. */
export function createNestLog(name: string): ConnectionLog {
  const context = name === DEFAULT_CONNECTION ? 'DatabaseModule' : `DatabaseModule:${name}`;
  return {
    info: (line) => {
      Logger.log(line, context);
    },
    warn: (line) => {
      Logger.warn(line, context);
    },
  };
}

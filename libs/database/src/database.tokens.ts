import { Inject, type Type } from '@nestjs/common';
import { connectionToken, type Injected } from './client/connection-tokens.js';
import type { ConnectionName } from './client/database-register.js';
import { PrismaService } from './client/prisma.service.js';
import { DatabaseState } from './lifecycle/database-state.js';
import { OutboxAdmin } from './outbox/outbox-admin.js';
import { Outbox } from './outbox/outbox.js';
import { Database } from './query/database.js';
import { RedisService } from './redis/redis.service.js';
import { SagaService } from './saga/saga.service.js';
import { TransactionManager } from './transaction/transaction-manager.js';

/** The opened connection, from which the services are taken. */
export const DATABASE_CONNECTION = Symbol('database:connection');

/**
 * What a service is provided under: its class on the default connection, a readable text on a named one.
 *
 * @public
 */
export type ServiceToken<Service> = Injected<Service> | string;

/**
 * The token of a connection's {@link PrismaService}.
 *
 * @public
 */
export const getPrismaToken = (connection?: ConnectionName): ServiceToken<PrismaService> =>
  connectionToken(PrismaService, connection);

/**
 * The token of a connection's {@link TransactionManager}.
 *
 * @public
 */
export const getTransactionManagerToken = (connection?: ConnectionName): ServiceToken<TransactionManager> =>
  connectionToken(TransactionManager, connection);

/**
 * The token of a connection's {@link Database}.
 *
 * @public
 */
export const getDatabaseToken = (connection?: ConnectionName): ServiceToken<Database> =>
  connectionToken(Database, connection);

/**
 * The token of the {@link RedisService} that a connection uses.
 *
 * @public
 */
export const getRedisToken = (connection?: ConnectionName): ServiceToken<RedisService> =>
  connectionToken(RedisService, connection);

/**
 * The token of a connection's {@link SagaService}.
 *
 * @public
 */
export const getSagaServiceToken = (connection?: ConnectionName): ServiceToken<SagaService> =>
  connectionToken(SagaService, connection);

/**
 * The token of a connection's {@link DatabaseState}.
 *
 * @public
 */
export const getDatabaseStateToken = (connection?: ConnectionName): ServiceToken<DatabaseState> =>
  connectionToken(DatabaseState, connection);

/**
 * The token of a connection's {@link Outbox}.
 *
 * @public
 */
export const getOutboxToken = (connection?: ConnectionName): ServiceToken<Outbox> =>
  connectionToken(Outbox, connection);

/**
 * The token of a connection's {@link OutboxAdmin}.
 *
 * @public
 */
export const getOutboxAdminToken = (connection?: ConnectionName): ServiceToken<OutboxAdmin> =>
  connectionToken(OutboxAdmin, connection);

/**
 * The token under which `forFeature([Repository], connection)` provides a repository.
 *
 * @public
 */
export const getRepositoryToken = <Repository>(
  repository: Type<Repository>,
  connection?: ConnectionName,
): ServiceToken<Repository> => connectionToken(repository, connection);

/** Injects the client of a connection; its type is `PrismaServiceOf<'name'>`. @public */
export const InjectPrisma = (connection?: ConnectionName): ParameterDecorator & PropertyDecorator =>
  Inject(getPrismaToken(connection));

/** Injects the {@link TransactionManager} of a connection. @public */
export const InjectTransactionManager = (
  connection?: ConnectionName,
): ParameterDecorator & PropertyDecorator => Inject(getTransactionManagerToken(connection));

/** Injects the {@link Database} of a connection. @public */
export const InjectDatabase = (connection?: ConnectionName): ParameterDecorator & PropertyDecorator =>
  Inject(getDatabaseToken(connection));

/** Injects the {@link RedisService} that a connection uses. @public */
export const InjectRedis = (connection?: ConnectionName): ParameterDecorator & PropertyDecorator =>
  Inject(getRedisToken(connection));

/** Injects the {@link SagaService} of a connection. @public */
export const InjectSagaService = (connection?: ConnectionName): ParameterDecorator & PropertyDecorator =>
  Inject(getSagaServiceToken(connection));

/** Injects the {@link DatabaseState} of a connection. @public */
export const InjectDatabaseState = (connection?: ConnectionName): ParameterDecorator & PropertyDecorator =>
  Inject(getDatabaseStateToken(connection));

/** Injects the {@link Outbox} of a connection. @public */
export const InjectOutbox = (connection?: ConnectionName): ParameterDecorator & PropertyDecorator =>
  Inject(getOutboxToken(connection));

/** Injects the {@link OutboxAdmin} of a connection. @public */
export const InjectOutboxAdmin = (connection?: ConnectionName): ParameterDecorator & PropertyDecorator =>
  Inject(getOutboxAdminToken(connection));

/** Injects a repository that `forFeature` was given together with a connection. @public */
export const InjectRepository = (
  repository: Type,
  connection?: ConnectionName,
): ParameterDecorator & PropertyDecorator => Inject(getRepositoryToken(repository, connection));

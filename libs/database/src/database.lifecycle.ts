import type { OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { connectionToken, type Injected } from './client/connection-tokens.js';
import { InvalidOptionsError } from './config/config.errors.js';
import type { DatabaseConnection } from './database.connection.js';
import { assertInjectable } from './injection-check.js';
import type { ShutdownCoordinator } from './lifecycle/shutdown-coordinator.js';
import { OutboxAdmin } from './outbox/outbox-admin.js';
import {
  refuseOutboxHandlers,
  refuseStrayHandlers,
  registerOutboxHandlers,
} from './outbox/outbox-handler.explorer.js';
import { Outbox } from './outbox/outbox.js';
import { RedisService } from './redis/redis.service.js';
import { refuseStraySagas, sagaClassesOf } from './saga/saga-classes.js';
import { SagaService } from './saga/saga.service.js';

/** What may be switched off, and how it is switched on. */
const OPTIONAL: readonly {
  readonly service: Injected;
  readonly remedy: string;
  readonly isThere: (connection: DatabaseConnection) => boolean;
}[] = [
  {
    service: RedisService,
    remedy: 'Set REDIS_URL or give the option `redis: { url }`.',
    isThere: ({ redis }) => redis !== undefined,
  },
  {
    service: SagaService,
    remedy: 'Give the option `saga: {}`.',
    isThere: ({ sagas }) => sagas !== undefined,
  },
  ...[Outbox, OutboxAdmin].map((service) => ({
    service,
    remedy: 'Give the option `outbox: {}`.',
    isThere: ({ outbox }: DatabaseConnection) => outbox !== undefined,
  })),
];

/**
 * Checks at start that nobody injects what the connection `name` does not have, and begins what has to wait for the whole
 * application: sagas, and the handlers of the outbox.
 */
export class DatabaseLifecycle implements OnModuleInit, OnApplicationBootstrap {
  constructor(
    private readonly name: string,
    private readonly connection: DatabaseConnection,
    private readonly coordinator: ShutdownCoordinator,
    private readonly modules: ModulesContainer,
  ) {}

  onModuleInit(): Promise<void> {
    return this.orEnd(() => {
      for (const { service, remedy, isThere } of OPTIONAL)
        if (!isThere(this.connection))
          assertInjectable(this.modules, connectionToken(service, this.name), remedy);
      refuseStraySagas(this.modules, this.coordinator.names);
      refuseStrayHandlers(this.modules, this.coordinator.names);
      const find = () => sagaClassesOf(this.modules, this.name);
      const { sagas } = this.connection;
      const [found] = sagas === undefined ? find() : [];
      if (found !== undefined)
        throw InvalidOptionsError.at(
          'DatabaseModule',
          'saga',
          `is missing for the connection "${this.name}", and ${found.instance.constructor.name} is a saga of it. Give \`saga: {}\`.`,
        );
      sagas?.provide(find);
      const { outbox } = this.connection;
      if (outbox === undefined) refuseOutboxHandlers(this.modules, this.name);
      else registerOutboxHandlers(this.modules, this.name, outbox.sinks);
    });
  }

  onApplicationBootstrap(): Promise<void> {
    return this.orEnd(async () => {
      await this.connection.sagas?.start();
      // The handlers' own modules are ready only now.
      this.connection.outbox?.start();
    });
  }

  private async orEnd(work: () => Promise<void> | void | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Nest runs no shutdown hook of an application that did not start.
      await this.coordinator.abandonStart();
      throw error;
    }
  }
}

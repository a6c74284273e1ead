import type { OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { connectionToken } from './client/connection-tokens.js';
import type { DatabaseConnection } from './database.connection.js';
import { assertInjectable } from './injection-check.js';
import type { ShutdownCoordinator } from './lifecycle/shutdown-coordinator.js';
import { RedisService } from './redis/redis.service.js';

/** Checks at start that nobody injects what the connection `name` does not have. */
export class DatabaseLifecycle implements OnModuleInit {
  constructor(
    private readonly name: string,
    private readonly connection: DatabaseConnection,
    private readonly coordinator: ShutdownCoordinator,
    private readonly modules: ModulesContainer,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.connection.redis !== undefined) return;
    try {
      assertInjectable(
        this.modules,
        connectionToken(RedisService, this.name),
        'Set REDIS_URL or give the option `redis: { url }`.',
      );
    } catch (error) {
      // Nest runs no shutdown hook of an application that did not start.
      await this.coordinator.abandonStart();
      throw error;
    }
  }
}

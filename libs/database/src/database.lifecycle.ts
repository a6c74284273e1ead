import {
  Inject,
  Injectable,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { DatabaseConnection } from './database.connection.js';
import { DATABASE_CONNECTION } from './database.tokens.js';
import { assertInjectable } from './injection-check.js';
import { RedisService } from './redis/redis.service.js';

/** Checks the wiring at start and closes the connection after HTTP has drained. */
@Injectable()
export class DatabaseLifecycle implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    @Inject(DATABASE_CONNECTION) private readonly connection: DatabaseConnection,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.connection.redis !== undefined) return;
    try {
      assertInjectable(this.modules, RedisService, 'Set REDIS_URL or give the option `redis: { url }`.');
    } catch (error) {
      // Nest runs no shutdown hook of an application that did not start.
      await this.connection.close();
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.connection.state.move('draining', 'The application is closing.');
  }

  /**
   * Not `onModuleDestroy`: that runs while requests are still answered (nestjs/mongoose#206).
   */
  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

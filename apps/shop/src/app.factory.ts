import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, type ShopStores } from './app.module.js';
import { serveOpenApi } from './http/openapi.js';
import { ShopLogger } from './start/shop-logger.js';

/**
 * The shop on its stores, initialised and not listening yet.
 *
 * @throws what the start failed with; nothing of the application is left then
 */
export async function createShop(
  stores: ShopStores,
  logger: LoggerService = new ShopLogger(),
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(stores), {
    logger,
    abortOnError: false,
  });
  try {
    app.disable('x-powered-by');
    serveOpenApi(app);
    return await app.init();
  } catch (error) {
    await app.close();
    throw error;
  }
}

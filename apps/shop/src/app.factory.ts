import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, type ShopStores } from './app.module.js';
import { serveOpenApi } from './http/openapi.js';
import { ShopLogger } from './start/shop-logger.js';

/**
 * The shop on its stores, initialised and not listening yet.
 *
 * @throws what the start failed with. A part that could not open has closed what it had opened, and a failure after
 *   all providers were created closes the application. In between (the constructor of a later provider) Nest hands out
 *   nothing that could be closed: the process has to end.
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

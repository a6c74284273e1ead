import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { checkHttp } from './http.checks.js';
import { runChecks } from './run-checks.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  logger: ['warn', 'error'],
  abortOnError: false,
});
app.enableShutdownHooks();
await runChecks(app, (list) => checkHttp(list, app));

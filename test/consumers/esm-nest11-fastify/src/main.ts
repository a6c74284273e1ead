import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { checkHttp } from './http.checks.js';
import { runChecks } from './run-checks.js';

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: ['warn', 'error'],
  abortOnError: false,
});
app.enableShutdownHooks();
await runChecks(app, (list) => checkHttp(list, app));

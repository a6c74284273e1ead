import 'reflect-metadata';
import { rejects } from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import { EmbeddedUnsupportedError, startEmbeddedPostgres } from 'nestjs-database/embedded';
import { AppModule } from './app.module.js';
import { runChecks } from './run-checks.js';

// Without HTTP, and without any of the optional peers.
const app = await NestFactory.createApplicationContext(AppModule, {
  logger: ['warn', 'error'],
  abortOnError: false,
});
await runChecks(app, async (list) => {
  await list.check('the embedded server says which package is missing', async () => {
    await rejects(startEmbeddedPostgres({ dataDir: 'data' }), EmbeddedUnsupportedError);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setImmediate as turn } from 'node:timers/promises';
import { databaseModule } from '../../support/database-application.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { until } from '../../support/until.js';

@Module({})
class ListeningApplicationModule {}

class CollectingLogger extends ConsoleLogger {
  readonly warnings: string[] = [];

  override warn(message: unknown): void {
    this.warnings.push(String(message));
  }

  override log(): void {}
}

const ABOUT_HOOKS = /Nothing listens to SIGTERM: .* Call `app\.enableShutdownHooks\(\)`/;

let database: TestDatabase;
let application: INestApplication | undefined;
let logger: CollectingLogger;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterEach(async () => {
  await application?.close();
  application = undefined;
});
afterAll(() => database.drop());

async function create(): Promise<INestApplication> {
  logger = new CollectingLogger();
  const module = { module: ListeningApplicationModule, imports: [databaseModule(database)] };
  application = await NestFactory.create(module, { logger, abortOnError: false });
  return application;
}

const listen = (app: INestApplication) => app.listen(0, '127.0.0.1');
const warned = () => logger.warnings.some((line) => ABOUT_HOOKS.test(line));

// Naive: Nest says nothing; SIGTERM ends the process in the middle of its requests.
describe('an application that listens', () => {
  it('without shutdown hooks is told so when it begins to listen, and not before', async () => {
    const app = await create();
    await app.init();
    expect(warned()).toBe(false);
    await listen(app);
    expect(await until(warned, 2_000)).toBe(true);
  });

  it.each([
    ['before', (app: INestApplication) => listen(app.enableShutdownHooks())],
    ['right after', (app: INestApplication) => listen(app).then(() => app.enableShutdownHooks())],
  ])('and enables its hooks %s is not told', async (_when, begin) => {
    await begin(await create());
    // The warning comes in the turn after the one in which the server listens.
    for (let count = 0; count < 5; count++) await turn();
    expect(warned()).toBe(false);
  });
});

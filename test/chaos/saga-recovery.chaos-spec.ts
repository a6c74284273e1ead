import { afterEach, beforeEach, describe, it } from '@jest/globals';
import { recoverAbandoned } from '../support/saga/abandoned-sagas.js';
import { SagaProcesses } from '../support/saga/saga-processes.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let processes: SagaProcesses;
beforeEach(async () => {
  database = await createTestDatabase();
  processes = await SagaProcesses.open(database);
});
afterEach(async () => {
  await processes.destroy();
  await database.drop();
});

describe('1,000 sagas whose process was killed', () => {
  it('R19, R24: are ended by one other instance within 30 s of the end of their leases', async () => {
    await recoverAbandoned(processes, 1_000);
  }, 180_000);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerRun } from '../../support/ledger/ledger-run.js';

const CYCLES = 25;
const SEED = 20;

describe('orders that are placed while the server and the application are killed', () => {
  let ledger: LedgerRun;
  beforeAll(async () => {
    ledger = await LedgerRun.start(SEED);
  }, 60_000);
  afterAll(async () => {
    await ledger.stop();
  }, 30_000);

  it(`are each there once when they were acknowledged, and none by half, after ${CYCLES} cycles`, async () => {
    for (let cycle = 0; cycle < CYCLES; cycle++) await ledger.cycle();
    await ledger.finish();
    const report = await ledger.report();
    process.stdout.write(`${report}\n`);
    expect(await ledger.check()).toEqual({
      acknowledgedAndLost: [],
      neverIntended: [],
      twice: [],
      halfDone: [],
      deniedAndThere: [],
      untyped: [],
    });
  }, 180_000);
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerRun, NOTHING_FOUND } from '../support/ledger/ledger-run.js';

const CYCLES = Number(process.env.LEDGER_CYCLES ?? 1_000);
const SEED = Number(process.env.LEDGER_SEED ?? 1);
/** Between two looks at the whole ledger. */
const CHECK_EVERY = 25;
const CYCLE_TIMEOUT_MS = 60_000;

describe('orders that are placed while the server and the application are killed, and COMMITs get lost', () => {
  let ledger: LedgerRun;
  beforeAll(async () => {
    ledger = await LedgerRun.start(SEED);
  }, 60_000);
  afterAll(async () => {
    await ledger.stop();
  }, 30_000);

  it(
    `are there once each when they were acknowledged, and none by half, after ${CYCLES} cycles (seed ${SEED})`,
    async () => {
      for (let cycle = 1; cycle <= CYCLES; cycle++) {
        await ledger.cycle();
        if (cycle % CHECK_EVERY !== 0) continue;
        process.stdout.write(`${cycle} of ${CYCLES} cycles\n`);
        expect(await ledger.check()).toEqual(NOTHING_FOUND);
      }
      await ledger.finish();
      process.stdout.write(`${await ledger.report()}\n`);
      expect(await ledger.check()).toEqual(NOTHING_FOUND);
    },
    CYCLES * CYCLE_TIMEOUT_MS,
  );
});

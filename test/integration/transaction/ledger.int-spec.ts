import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FAULTS, LedgerRun, NOTHING_FOUND } from '../../support/ledger/ledger-run.js';

const CYCLES = 25;
const SEED = 20;

describe('orders that are placed while the server and the application are killed, and COMMITs get lost', () => {
  let ledger: LedgerRun;
  beforeAll(async () => {
    ledger = await LedgerRun.start(SEED);
  }, 60_000);
  afterAll(async () => {
    await ledger.stop();
  }, 30_000);

  // A bare client has no answer to an unknown outcome: see `commit-in-doubt.int-spec.ts`.
  it(`are there once each when they were acknowledged, and none by half, after ${CYCLES} cycles`, async () => {
    for (let cycle = 0; cycle < CYCLES; cycle++) await ledger.cycle();
    await ledger.finish();
    expect(await ledger.check()).toEqual(NOTHING_FOUND);
    const { journal } = ledger;
    expect(journal.of('ack').length).toBeGreaterThan(CYCLES);
    expect(FAULTS.filter((fault) => !ledger.struck[fault])).toEqual([]);
    // Both ways of resolving a doubt were needed.
    expect(journal.of('doubt').length).toBeGreaterThan(0);
    expect(journal.of('doubt-not-applied').length).toBeGreaterThan(0);
  }, 180_000);
});

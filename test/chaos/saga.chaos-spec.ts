import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KINDS, SagaChaos } from '../support/saga/saga-chaos.js';
import { NOTHING_WRONG } from '../support/saga/transfer-findings.js';

const SAGAS = Number(process.env.SAGAS ?? 5_000);
const SEED = Number(process.env.SAGA_SEED ?? 1);
const WORKERS = Number(process.env.SAGA_WORKERS ?? 3);
/** Between two looks at the whole. */
const CHECK_EVERY = 250;
const SAGA_TIMEOUT_MS = 2_000;

describe('transfers in several processes, while those, their connections and the server are struck', () => {
  let chaos: SagaChaos;
  beforeAll(async () => {
    chaos = await SagaChaos.start(SEED, WORKERS);
  }, 60_000);
  afterAll(() => chaos.stop(), 60_000);

  it(
    `R19-R23: end as their inputs say, each effect once, no call again that was recorded (${SAGAS} sagas, seed ${SEED})`,
    async () => {
      for (let left = SAGAS; left > 0; left -= CHECK_EVERY) {
        await chaos.run(Math.min(CHECK_EVERY, left));
        process.stdout.write(`${chaos.report()}\n`);
        expect(await chaos.findings()).toEqual(NOTHING_WRONG);
      }
      expect(KINDS.filter((kind) => chaos.struck[kind] === 0)).toEqual([]);
    },
    60_000 + SAGAS * SAGA_TIMEOUT_MS,
  );
});

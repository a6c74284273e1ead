import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { KINDS, SagaChaos } from '../../support/saga/saga-chaos.js';
import { NOTHING_WRONG } from '../../support/saga/transfer-findings.js';

jest.setTimeout(400_000);

const SAGAS = 300;
const SEED = 7;

describe('transfers in several processes, while those, their connections and the server are struck', () => {
  let chaos: SagaChaos;
  beforeAll(async () => {
    chaos = await SagaChaos.start(SEED, 2);
  });
  afterAll(() => chaos.stop());

  it(`R19-R23: end as their inputs say, each effect once, no call again that was recorded (${SAGAS} sagas, seed ${SEED})`, async () => {
    await chaos.run(SAGAS);
    expect(await chaos.findings()).toEqual(NOTHING_WRONG);
    expect(KINDS.filter((kind) => chaos.struck[kind] === 0)).toEqual([]);
  });
});

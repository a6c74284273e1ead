import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ModuleRef } from '@nestjs/core';
import type { HealthReport } from '../common/health-report.js';
import { stateTokenOf } from '../health/connection-lookup.js';
import type { HealthProbeOptions } from '../health/health-probe.port.js';
import { DatabaseStateControl } from '../lifecycle/database-state.control.js';
import { DatabaseAvailability } from './database-availability.js';

const answered: HealthReport = { healthy: true, latencyMs: 1, details: {} };
const late: HealthReport = { healthy: false, latencyMs: 750, details: {}, code: 'QUERY_TIMEOUT' };
const refused: HealthReport = { healthy: false, latencyMs: 1, details: {}, code: 'UNAVAILABLE' };

interface Reported extends HealthReport {
  readonly lastAnswerAt?: number;
}

/** @param reports - with when somebody else was answered, from the report on */
function watch(...reports: Reported[]) {
  const asked: (HealthProbeOptions | undefined)[] = [];
  const probe = {
    lastAnswerAt: undefined as number | undefined,
    checkHealth: (options?: HealthProbeOptions) => {
      asked.push(options);
      const next: Reported = reports.shift() ?? answered;
      const { lastAnswerAt, ...report } = next;
      if (lastAnswerAt !== undefined) probe.lastAnswerAt = performance.now() + lastAnswerAt;
      return Promise.resolve(report);
    },
  };
  const state = new DatabaseStateControl({ connection: 'default', onListenerError: () => undefined });
  state.move('ready');
  const modules = { get: (token: unknown) => (token === stateTokenOf('default') ? state : probe) };
  const availability = new DatabaseAvailability(modules as unknown as ModuleRef);
  return { asked, isAvailable: () => availability.isAvailable('default') };
}

describe('the availability of a database that was well', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  /** Asks with a report that has grown old, and again when the new one is there. */
  async function renewed(isAvailable: () => boolean | Promise<boolean>) {
    await isAvailable();
    await jest.advanceTimersByTimeAsync(1_000);
    const meanwhile = isAvailable();
    await jest.advanceTimersByTimeAsync(0);
    return { meanwhile, then: isAvailable() };
  }

  it('outlives one answer that comes too late, which the naive setup takes for an outage', async () => {
    const { asked, isAvailable } = watch(late, answered);
    expect(await renewed(isAvailable)).toEqual({ meanwhile: true, then: true });
    expect(asked).toEqual([undefined, { maxAgeMs: 0 }]);
  });

  it('ends with the second late answer in a row', async () => {
    const { isAvailable } = watch(late, late);
    expect(await renewed(isAvailable)).toEqual({ meanwhile: true, then: false });
  });

  it('outlives late answers as long as the server answers others, which says more', async () => {
    const { asked, isAvailable } = watch({ ...late, lastAnswerAt: 5 });
    expect(await renewed(isAvailable)).toEqual({ meanwhile: true, then: true });
    expect(asked).toHaveLength(1);
    const { isAvailable: naive } = watch({ ...late, lastAnswerAt: -5 }, late);
    expect(await renewed(naive)).toEqual({ meanwhile: true, then: false });
  });

  it('ends at once when the server cannot be reached', async () => {
    const { asked, isAvailable } = watch(refused);
    expect(await renewed(isAvailable)).toEqual({ meanwhile: true, then: false });
    expect(asked).toHaveLength(1);
  });

  it('once lost, takes more than a late answer to come back', async () => {
    const { asked, isAvailable } = watch(refused, late, answered);
    await renewed(isAvailable);
    await jest.advanceTimersByTimeAsync(2_500);
    expect(await isAvailable()).toBe(false);
    expect(asked).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(2_500);
    expect(await isAvailable()).toBe(true);
  });
});

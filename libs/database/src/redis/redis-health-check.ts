import type { Redis } from 'ioredis';
import { withDeadline } from '../common/deadline.js';
import type { HealthReport } from '../common/health-report.js';
import { singleFlight } from '../common/single-flight.js';
import { parseInfo } from './redis-info.js';

const HEALTH_TIMEOUT_MS = 1_000;

/** Asks one Redis how it is: one question at a time, bounded, and remembered for a while. */
export class RedisHealthCheck {
  private last: { readonly report: HealthReport; readonly at: number } | undefined;
  /** The question that has no answer yet, however long ago its check gave up. */
  private asking: Promise<HealthReport> | undefined;

  /** @param ask - the server's answer to INFO; without a limit of its own, so that questions do not pile up */
  constructor(
    private readonly client: Redis,
    private readonly ask: () => Promise<unknown>,
  ) {
    client.on('close', () => {
      if (this.last?.report.healthy === true) this.last = undefined;
    });
  }

  /** Never rejects; the report is at most `maxAgeMs` old. */
  async check(maxAgeMs: number): Promise<HealthReport> {
    const { last } = this;
    if (last !== undefined && performance.now() - last.at < maxAgeMs) {
      // That the connection has broken since is news.
      if (!last.report.healthy || this.client.status === 'ready') return last.report;
    }
    return await this.checking();
  }

  private readonly checking = singleFlight(async (): Promise<HealthReport> => {
    const started = performance.now();
    this.asking ??= this.report().finally(() => {
      this.asking = undefined;
    });
    const report = await withDeadline(this.asking, HEALTH_TIMEOUT_MS, () =>
      unhealthy(started, `No answer within ${HEALTH_TIMEOUT_MS} ms.`),
    );
    this.last = { report, at: performance.now() };
    return report;
  });

  private async report(): Promise<HealthReport> {
    const started = performance.now();
    try {
      const text = await this.ask();
      return { healthy: true, latencyMs: elapsedMs(started), details: parseInfo(String(text)) };
    } catch (error) {
      return unhealthy(started, (error as Error).message);
    }
  }
}

function elapsedMs(since: number): number {
  return Math.round((performance.now() - since) * 100) / 100;
}

function unhealthy(since: number, error: string): HealthReport {
  return { healthy: false, latencyMs: elapsedMs(since), details: {}, error };
}

import { withDeadline } from '../common/deadline.js';
import type { HealthReport } from '../common/health-report.js';
import { DatabaseError } from '../errors/database.error.js';
import type { ErrorCode } from '../errors/error-codes.js';
import {
  DEFAULT_MAX_AGE_MS,
  type HealthProbe,
  type HealthProbeOptions,
  type ProbeSession,
} from './health-probe.port.js';

/** Below one second: that is when Kubernetes gives up on a probe by default, and its verdict says less than ours. */
export const PROBE_TIMEOUT_MS = 750;

/** What a probe needs to know of its store. */
export interface ConnectionProbeSettings {
  /**
   * Opens the probe's own connection or rejects with a {@link DatabaseError}; gives up at once, and leaves nothing, when
   * the signal is aborted.
   */
  readonly open: (signal: AbortSignal) => Promise<ProbeSession>;
  /** Figures for the report, such as the pool's usage. */
  readonly details: () => HealthReport['details'];
  /** When the store last answered anybody else, by `performance.now()`. */
  readonly lastAnswerAt?: () => number | undefined;
}

interface Run {
  readonly report: Promise<HealthReport>;
  readonly stop: AbortController;
}

/**
 * Asks a store over a connection of its own, which is opened by the first check and kept.
 *
 * - A pool without a free connection is no reason to call the store down, and a check never waits in its queue.
 * - One check at a time; whoever comes meanwhile shares it, and whoever comes shortly after gets the same report.
 * - A check ends after {@link PROBE_TIMEOUT_MS}. Its connection is destroyed then: a question that is left behind
 *   would keep the next one waiting. So there is one connection at most, whatever the server does.
 */
export class ConnectionProbe implements HealthProbe {
  private session: ProbeSession | undefined;
  private running: Run | undefined;
  private last: { readonly report: HealthReport; readonly at: number } | undefined;
  private closed = false;

  constructor(private readonly settings: ConnectionProbeSettings) {}

  checkHealth({ maxAgeMs = DEFAULT_MAX_AGE_MS }: HealthProbeOptions = {}): Promise<HealthReport> {
    if (this.closed) {
      return Promise.resolve(this.report(performance.now(), 'The connection is closed.'));
    }
    const { last } = this;
    if (last !== undefined && performance.now() - last.at < maxAgeMs && this.stillHolds(last.report)) {
      return Promise.resolve(last.report);
    }
    return (this.running ?? this.start()).report;
  }

  get lastAnswerAt(): number | undefined {
    return this.settings.lastAnswerAt?.();
  }

  /** The newest report, however old; undefined before the first check. */
  get lastReport(): HealthReport | undefined {
    return this.last?.report;
  }

  /** Ends the connection; later checks say that it is closed. Never rejects and is bounded in time. */
  async close(): Promise<void> {
    this.closed = true;
    const { running } = this;
    if (running !== undefined) {
      running.stop.abort();
      this.discard();
      await running.report;
    }
    const { session } = this;
    this.session = undefined;
    await session?.close();
  }

  /** That the connection has broken since is news; that it could not be had is not undone by waiting. */
  private stillHolds(report: HealthReport): boolean {
    return !report.healthy || this.session?.lost === false;
  }

  private start(): Run {
    const run: Run = {
      stop: new AbortController(),
      // On the next tick, so that `run` is known to the check from its start.
      report: Promise.resolve().then(async () => {
        const report = await this.check(run.stop);
        this.running = undefined;
        this.last = { report, at: performance.now() };
        return report;
      }),
    };
    this.running = run;
    return run;
  }

  private async check(stop: AbortController): Promise<HealthReport> {
    const started = performance.now();
    const work = this.ask(stop.signal).then(
      (askedAt) => this.report(askedAt),
      (error: unknown) => {
        this.discard();
        return error instanceof DatabaseError
          ? this.report(started, error.message, error.code)
          : this.report(started, 'The check failed for a reason that is not known.');
      },
    );
    return await withDeadline(work, PROBE_TIMEOUT_MS, () => {
      stop.abort();
      this.discard();
      return this.report(started, `No answer within ${PROBE_TIMEOUT_MS} ms.`, 'QUERY_TIMEOUT');
    });
  }

  /** Resolves with the moment at which the question was sent. */
  private async ask(signal: AbortSignal): Promise<number> {
    const { session } = this;
    if (session !== undefined && !session.lost) {
      try {
        return await askTimed(session);
      } catch (error) {
        // It has waited unused, perhaps while the server was started anew: only a new one can tell.
        if (signal.aborted) throw error;
        this.discard();
      }
    }
    const opened = await this.settings.open(signal);
    if (signal.aborted) opened.destroy();
    else this.session = opened;
    return await askTimed(opened);
  }

  private discard(): void {
    this.session?.destroy();
    this.session = undefined;
  }

  private report(since: number, error?: string, code?: ErrorCode): HealthReport {
    return {
      healthy: error === undefined,
      latencyMs: Math.round((performance.now() - since) * 100) / 100,
      details: this.settings.details(),
      ...(error !== undefined && { error }),
      ...(code !== undefined && { code }),
    };
  }
}

async function askTimed(session: ProbeSession): Promise<number> {
  const started = performance.now();
  await session.ask();
  return started;
}

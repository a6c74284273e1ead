import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { ErrorCode } from '../errors/error-codes.js';
import { findForConnection, stateTokenOf } from '../health/connection-lookup.js';
import {
  getDatabaseHealthProbeToken,
  type HealthProbe,
  type HealthProbeOptions,
} from '../health/health-probe.port.js';
import type { DatabaseState } from '../lifecycle/database-state.js';

/** How old a good report may grow before a request has it renewed, beside itself. */
const GOOD_FOR_MS = 1_000;
/** The same for a bad one: the database may be back. */
const BAD_FOR_MS = 500;
/** Older than this a bad report says nothing, as nobody has asked for a while. */
const BAD_AT_MOST_MS = 2_000;

/** The code of a report of a store that did not answer in time, and did not refuse either. */
const LATE: ErrorCode = 'QUERY_TIMEOUT';

interface Watch {
  readonly state: DatabaseState;
  readonly probe: HealthProbe;
  healthy: boolean;
  at: number;
  renewing: Promise<void> | undefined;
}

/**
 * Knows without asking whether a database can be used at the moment.
 *
 * A request never waits for a query: it reads the connection's state and the last report of the health probe, and has
 * an old report renewed beside itself, at most one at a time. Of a database that was well, one late answer alone is not
 * believed, and none while others are answered: it is asked a second time before requests are refused. The one exception is the first request after an outage
 * in which nobody has asked for two seconds; it waits for the probe, which is bounded.
 *
 * @internal
 */
@Injectable()
export class DatabaseAvailability {
  private readonly watches = new Map<string, Watch>();

  constructor(@Inject(ModuleRef) private readonly modules: ModuleRef) {}

  /**
   * What is known of the connection; a promise only where nothing recent is known.
   *
   * @throws {@link NotConfiguredError} when there is no such connection
   */
  isAvailable(connection: string): boolean | Promise<boolean> {
    const watch = this.watches.get(connection) ?? this.watch(connection);
    if (!watch.state.isUsable()) return false;
    // What was accepted is still served while the application closes, and its probe may be gone already.
    if (watch.state.status === 'draining') return true;
    const age = performance.now() - watch.at;
    if (age < (watch.healthy ? GOOD_FOR_MS : BAD_FOR_MS)) return watch.healthy;
    const renewing = this.renew(watch);
    if (watch.healthy || age < BAD_AT_MOST_MS) return watch.healthy;
    return renewing.then(() => watch.healthy);
  }

  private watch(connection: string): Watch {
    const caller = `@RequiresDatabase({ connection: '${connection}' })`;
    const watch: Watch = {
      state: findForConnection<DatabaseState>(this.modules, stateTokenOf(connection), caller),
      probe: findForConnection<HealthProbe>(this.modules, getDatabaseHealthProbeToken(connection), caller),
      // The start has proven it, or the state says otherwise.
      healthy: true,
      at: performance.now(),
      renewing: undefined,
    };
    this.watches.set(connection, watch);
    return watch;
  }

  private renew(watch: Watch): Promise<void> {
    watch.renewing ??= this.ask(watch).then((healthy) => {
      watch.healthy = healthy;
      watch.at = performance.now();
      watch.renewing = undefined;
    });
    return watch.renewing;
  }

  private async ask({ probe, healthy }: Watch): Promise<boolean> {
    const first = await check(probe);
    // One late answer is a busy machine as often as a dead server, and refusing requests helps neither: ask once more.
    const last = healthy && first === 'late' ? await check(probe, { maxAgeMs: 0 }) : first;
    return last === 'well';
  }
}

async function check(probe: HealthProbe, options?: HealthProbeOptions): Promise<'well' | 'late' | 'away'> {
  const askedAt = performance.now();
  const { healthy, code } = await probe.checkHealth(options);
  if (healthy) return 'well';
  if (code !== LATE) return 'away';
  const { lastAnswerAt = -Infinity } = probe;
  return lastAnswerAt > askedAt ? 'well' : 'late';
}

import { OwnContext } from '../../common/own-context.js';
import type { RegisteredSaga } from '../saga-engine.port.js';
import { orphanedChannel, type SagaOrphanedEvent } from '../saga.events.js';
import { Bell } from '../../common/bell.js';
import type { SagaDriver } from './saga-driver.js';
import type { SagaStore } from './saga-store.js';

/** What a sweeper works with. */
export interface SweeperHost {
  readonly connection: string;
  readonly store: SagaStore;
  readonly driver: SagaDriver;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** How many sagas that others have begun it has at the same time. */
  readonly concurrency: number;
  /** Undefined: nothing is removed. */
  readonly retentionMs: number | undefined;
  /** Makes sure that sagas may be run at all. */
  ready(): Promise<void>;
  isClosing(): boolean;
  warn(line: string): void;
}

const CLAIM_BATCH = 100;
const PURGE_BATCH = 1_000;
const LONGEST_CHORES_MS = 60_000;

/** Looks for sagas that nobody runs: enqueued, handed back, or left by an instance that has died. */
export class SagaSweeper {
  private readonly bell = new Bell();
  private readonly ownContext = new OwnContext();
  private readonly choresMs: number;
  private readonly reported = new Set<string>();
  private sweeping: Promise<void> | undefined;
  private stopped = false;
  private choresAt = 0;
  private failed = false;

  constructor(
    private readonly host: SweeperHost,
    private readonly sagas: readonly RegisteredSaga[],
  ) {
    const { leaseMs, pollMs, retentionMs = Infinity } = host;
    this.choresMs = Math.max(pollMs, Math.min(LONGEST_CHORES_MS, 2 * leaseMs, retentionMs));
  }

  start(): void {
    this.sweeping ??= this.ownContext.run(() => this.sweep());
  }

  /** There may be something to do. */
  wake(): void {
    this.bell.ring();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.bell.ring();
    await this.sweeping;
  }

  private async sweep(): Promise<void> {
    const { pollMs } = this.host;
    while (!this.stopped) {
      let goOn = false;
      try {
        goOn = await this.pass();
        this.failed = false;
      } catch (error) {
        if (!this.failed && !this.stopped)
          this.host.warn(`Sagas are not looked for at the moment: ${String(error)}`);
        this.failed = true;
      }
      if (!goOn && !this.isStopped()) await this.bell.wait(pollMs * (0.75 + Math.random() / 2));
    }
  }

  /** Read anew: it changes while something is awaited. */
  private isStopped(): boolean {
    return this.stopped;
  }

  /** @returns whether there may be more at once */
  private async pass(): Promise<boolean> {
    const { store, driver, leaseMs, concurrency } = this.host;
    if (this.host.isClosing()) return false;
    await this.host.ready();
    const isLeft = await this.doChores();
    const room = Math.min(concurrency - driver.claimed, CLAIM_BATCH);
    if (room <= 0 || this.stopped) return isLeft;
    const heldUntil = performance.now() + leaseMs;
    const claims = await store.claim(this.sagas, room, driver.suspects.room);
    for (const claim of claims) driver.takeOver(claim, heldUntil);
    return isLeft || claims.length === room;
  }

  /** @returns whether some are left, which nobody waits for: what is to be run comes in between */
  private async doChores(): Promise<boolean> {
    const now = performance.now();
    if (now < this.choresAt) return false;
    this.choresAt = now + this.choresMs;
    const { store, retentionMs } = this.host;
    if (retentionMs !== undefined && (await store.purge(retentionMs, PURGE_BATCH)) === PURGE_BATCH) {
      this.choresAt = now;
      return true;
    }
    await this.reportOrphans();
    return false;
  }

  /** Once for each definition: in the log; each time on the channel. */
  private async reportOrphans(): Promise<void> {
    const { connection, store, leaseMs } = this.host;
    for (const { name, version, count } of await store.orphaned(this.sagas, 2 * leaseMs)) {
      orphanedChannel.publish({ connection, saga: name, version, count } satisfies SagaOrphanedEvent);
      const key = `${name} ${version}`;
      if (this.reported.has(key)) continue;
      this.reported.add(key);
      this.host.warn(
        `Sagas wait that this instance cannot go on with (saga=${name}, version=${version}, count=${count}): deploy a class with this version and its steps, or close them by hand.`,
      );
    }
  }
}

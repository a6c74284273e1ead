import type { OutboxStore } from './outbox-store.js';
import type { ResolvedOutboxOptions } from './outbox.options.js';

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
const BATCH = 1_000;
/** Whoever owns it removes what has expired: one of all instances. */
const RETENTION_SLOT = 0;

/** Removes dedup keys and dead letters whose time is over, a batch at a time between two looks for messages. */
export class OutboxRetention {
  private nextAt = 0;

  constructor(
    private readonly store: OutboxStore,
    private readonly options: Pick<ResolvedOutboxOptions, 'dedupRetentionMs' | 'deadRetentionMs'>,
    /** Whether this instance sweeps the slot. */
    private readonly owns: (slot: number) => boolean,
  ) {}

  /** Removes one batch, where it is time and this instance's turn. */
  async run(): Promise<void> {
    if (performance.now() < this.nextAt || !this.owns(RETENTION_SLOT)) return;
    const { dedupRetentionMs, deadRetentionMs } = this.options;
    const shortest = Math.min(dedupRetentionMs, deadRetentionMs === false ? Infinity : deadRetentionMs);
    this.nextAt = performance.now() + Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, shortest / 10));
    if (await this.store.expire(deadRetentionMs, BATCH)) this.nextAt = 0;
  }
}

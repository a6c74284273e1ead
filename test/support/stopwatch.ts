const TICK_MS = 10;

/**
 * Measures time, and for how long of it the machine did not let this process run: time in which neither a timer came nor
 * processor time was used. What the process itself does for too long is not part of it.
 */
export class Stopwatch {
  private readonly began = performance.now();
  private readonly ticks: NodeJS.Timeout;
  private tickedAt = this.began;
  private usage = process.cpuUsage();
  private starved = 0;

  constructor() {
    this.ticks = setInterval(() => this.look(), TICK_MS);
    this.ticks.unref();
  }

  /** @returns the time since it was made, and that without what the machine has kept from this process */
  stop(): { readonly elapsedMs: number; readonly tookMs: number } {
    clearInterval(this.ticks);
    this.look();
    const elapsedMs = performance.now() - this.began;
    return { elapsedMs, tookMs: elapsedMs - this.starved };
  }

  private look(): void {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.usage);
    this.starved += Math.max(0, now - this.tickedAt - TICK_MS - (user + system) / 1_000);
    this.tickedAt = now;
    this.usage = process.cpuUsage();
  }
}

/** How long `work` takes, without what the machine has kept from this process. */
export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const stopwatch = new Stopwatch();
  try {
    await work();
  } finally {
    stopwatch.stop();
  }
  return stopwatch.stop().tookMs;
}

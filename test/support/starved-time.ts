const TICK_MS = 10;

/**
 * Runs `work` and measures for how long of it the machine did not let this process run: time in which neither a timer
 * came nor processor time was used. What the process itself does for too long is not part of it.
 */
export async function starvedDuring(work: () => Promise<unknown>): Promise<number> {
  let starvedMs = 0;
  let tickedAt = performance.now();
  let usage = process.cpuUsage();
  const look = () => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(usage);
    starvedMs += Math.max(0, now - tickedAt - TICK_MS - (user + system) / 1_000);
    tickedAt = now;
    usage = process.cpuUsage();
  };
  const ticks = setInterval(look, TICK_MS);
  try {
    await work();
    look();
  } finally {
    clearInterval(ticks);
  }
  return starvedMs;
}

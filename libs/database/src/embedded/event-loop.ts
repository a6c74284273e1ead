import { setTimeout as timeout } from 'node:timers/promises';

const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Waits without keeping the process alive. Work that somebody awaits runs inside {@link holdingEventLoop}; the same work
 * done in the background must not delay the end of the process.
 */
export function pause(ms: number): Promise<void> {
  return timeout(ms, undefined, { ref: false });
}

/** Keeps the process alive until `work` settles. */
export async function holdingEventLoop<T>(work: () => Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, LONGEST_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(hold);
  }
}

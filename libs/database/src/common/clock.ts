import { setTimeout as delay } from 'node:timers/promises';

/** Time as the library sees it, replaceable in a test. */
export interface Clock {
  /** Milliseconds since an arbitrary moment; never goes back. */
  now(): number;
  /** The time of the day, as records carry it. */
  date(): Date;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted, and leaves no timer behind. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

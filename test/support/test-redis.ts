import { describe, it } from '@jest/globals';

/** The URL of a Redis database that only this worker uses. */
export function redisUrl(): string {
  const url = new URL(process.env.TEST_REDIS_URL ?? '');
  url.pathname = `/${process.env.JEST_WORKER_ID ?? '1'}`;
  return url.toString();
}

/**
 * `describe` where there is a Redis. Without one the suite is skipped and counted as skipped; the gate sets
 * REQUIRE_REDIS, with which the run fails before it comes to that.
 */
export const describeWithRedis = process.env.TEST_REDIS_URL ? describe : describe.skip;

/** The same for one test. */
export const itWithRedis = process.env.TEST_REDIS_URL ? it : it.skip;

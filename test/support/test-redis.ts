import { describeWith, itWith, REDIS } from './requirement.js';

/** The URL of a Redis database that only this worker uses. */
export function redisUrl(): string {
  const url = new URL(process.env.TEST_REDIS_URL ?? '');
  url.pathname = `/${process.env.JEST_WORKER_ID ?? '1'}`;
  return url.toString();
}

/**
 * `describe` where there is a Redis. Without one the suite is skipped, counted as skipped and says why; under CI or
 * REQUIRE_REDIS=1 the run fails, as a rule before it comes to that.
 */
export const describeWithRedis = describeWith(REDIS);

/** The same for one test. */
export const itWithRedis = itWith(REDIS);

import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from './config/config.errors.js';
import { resolveDatabaseOptions } from './database.options.js';

class PrismaClient {}
const url = 'postgresql://me:pw@db:5433/shop';
const resolve = (options: object, env: NodeJS.ProcessEnv | false = false) =>
  resolveDatabaseOptions({ client: PrismaClient, env, ...options });

function violations(options: object, env: NodeJS.ProcessEnv | false = false) {
  try {
    resolve(options, env);
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.violations;
    throw error;
  }
  return [];
}

describe('resolveDatabaseOptions', () => {
  it('completes everything from the defaults', () => {
    expect(resolve({ url })).toMatchObject({
      url: { host: 'db', port: 5433, database: 'shop' },
      applicationName: 'nestjs-database',
      name: 'default',
      password: expect.any(Function) as unknown,
      tls: false,
      pool: {
        max: 20,
        min: 5,
        acquireTimeoutMs: 10_000,
        connectTimeoutMs: 10_000,
        idleTimeoutMs: 600_000,
        maxLifetimeMs: 3_600_000,
        keepAliveMs: 10_000,
        leakThresholdMs: 60_000,
        warmUp: true,
      },
      timeouts: { statementMs: 30_000, lockMs: 5_000, idleInTransactionMs: 15_000, graceMs: 1_000 },
      redis: false,
      startup: { mode: 'strict', attempts: 3, initialDelayMs: 1_000, maxDelayMs: 10_000, factor: 2 },
      shutdown: { timeoutMs: 25_000, drainMs: 5_000 },
      logging: { mode: 'production', slowQueryMs: 1_000, parameters: 'redacted' },
      transaction: { timeoutMs: 5_000, maxWaitMs: 2_000 },
      migrations: { autoDeploy: false, directory: 'prisma/migrations' },
    });
  });

  it('prefers an option to the environment and the environment to the default', () => {
    const env = { DATABASE_URL: 'postgresql://env/other', REDIS_URL: 'redis://env' };
    expect(resolve({ url }, env).url.database).toBe('shop');
    expect(resolve({}, env).url.database).toBe('other');
    const redisUrl = (options: object) => {
      const { redis } = resolve(options, env);
      return redis === false ? undefined : redis.url.reveal();
    };
    expect(redisUrl({})).toBe('redis://env');
    expect(redisUrl({ redis: { url: 'redis://given' } })).toBe('redis://given');
    expect(resolve({ redis: false }, env).redis).toBe(false);
  });

  it('honours the parameters of the URL unless an option says otherwise', () => {
    const parametrised = `${url}?connection_limit=7&application_name=till`;
    expect(resolve({ url: parametrised })).toMatchObject({ pool: { max: 7 }, applicationName: 'till' });
    expect(resolve({ url: parametrised, pool: { max: 3 }, applicationName: 'desk' })).toMatchObject({
      pool: { max: 3 },
      applicationName: 'desk',
    });
  });

  it('treats an empty variable as absent', () => {
    expect(violations({}, { DATABASE_URL: ' ' }).map(({ path }) => path)).toEqual(['url']);
    expect(resolve({ url }, { REDIS_URL: '' }).redis).toBe(false);
  });

  it.each<[object, string]>([
    [{ url, pool: { maximum: 5 } }, 'pool.maximum'],
    [{ url, pool: { max: 0 } }, 'pool.max'],
    [{ url, pool: { maxLifetimeMs: 1_500 } }, 'pool.maxLifetimeMs'],
    [{ url, transaction: { isolationLevel: 'serializable' } }, 'transaction.isolationLevel'],
    [{ url, transaction: { timeoutMs: '5s' } }, 'transaction.timeoutMs'],
    [{ url, shutdown: { timeoutMs: -1 } }, 'shutdown.timeoutMs'],
    [{ url, redis: { url: 'http://x' } }, 'redis.url'],
    [{ url, redis: { url: 'redis://h/db' } }, 'redis.url'],
    [{ url, redis: { host: 'h', url: 'redis://h' } }, 'redis.host'],
    [{ url, extend: {} }, 'extend'],
    [{ url, env: 'prod' }, 'env'],
    [{ url, client: 5 }, 'client'],
    [{ url, clientOptions: { adapter: {} } }, 'clientOptions.adapter'],
    [{ url, migrations: { autoDeploy: 'yes' } }, 'migrations.autoDeploy'],
    [{ url: '' }, 'url'],
    [{ url: 5 }, 'url'],
  ])('refuses %j and names %s', (options, path) => {
    expect(violations(options).map((violation) => violation.path)).toEqual([path]);
  });

  it('freezes the result, but not the class of the application', () => {
    const resolved = resolve({ url });
    expect(Object.isFrozen(resolved.pool)).toBe(true);
    expect(Object.isFrozen(PrismaClient)).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from './config/config.errors.js';
import { resolveDatabaseOptions } from './database.options.js';

class PrismaClient {}
const url = 'postgresql://me@db/shop';

const resolve = (options: object) =>
  resolveDatabaseOptions({ client: PrismaClient, env: false, url, ...options });

function problems(options: object): string[] {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof InvalidOptionsError)
      return error.violations.map(({ path, problem }) => `${path} ${problem}`);
    throw error;
  }
  return [];
}

describe('the rules between options', () => {
  it.each<[object, string]>([
    [{ pool: { max: 2, min: 3 } }, 'pool.min is 3, more than `pool.max` = 2.'],
    [
      { pool: { acquireTimeoutMs: 100, connectTimeoutMs: 200 } },
      'pool.connectTimeoutMs is 200 ms, longer than `pool.acquireTimeoutMs` = 100 ms',
    ],
    [
      { url: `${url}?pool_timeout=5&connect_timeout=6` },
      'url?connect_timeout is 6000 ms, longer than `url?pool_timeout` = 5000 ms',
    ],
    [
      { timeouts: { statementMs: 1_000, lockMs: 1_000 } },
      'timeouts.lockMs is 1000 ms, expected less than `timeouts.statementMs` = 1000 ms',
    ],
    [
      { startup: { initialDelayMs: 20, maxDelayMs: 10 } },
      'startup.initialDelayMs is 20 ms, longer than `startup.maxDelayMs` = 10 ms.',
    ],
    [
      { shutdown: { timeoutMs: 1_000, drainMs: 1_000 } },
      'shutdown.drainMs is 1000 ms, expected less than `shutdown.timeoutMs` = 1000 ms',
    ],
    [
      { pool: { acquireTimeoutMs: 1_000 }, transaction: { maxWaitMs: 1_001 } },
      'transaction.maxWaitMs is 1001 ms, longer than `pool.acquireTimeoutMs` = 1000 ms',
    ],
    [
      { startup: { mode: 'lazy' }, pool: { warmUp: true } },
      "pool.warmUp opens connections at the start, which `startup.mode` = 'lazy' does not.",
    ],
    [
      { startup: { mode: 'lazy' }, migrations: { autoDeploy: true } },
      'migrations.autoDeploy needs a connection at the start',
    ],
    [
      { url: `${url}?pgbouncer=true`, migrations: { autoDeploy: true } },
      'migrations.autoDeploy needs a connection straight to PostgreSQL',
    ],
    [
      { url: 'postgresql://me:pw@db/shop', password: () => 'pw' },
      'password is given, and `url` holds a password as well.',
    ],
    [{ url: `${url}?sslmode=disable`, tls: {} }, 'tls contradicts `sslmode=disable` of `url`.'],
    [{ url: 'postgresql:///shop?host=/run', tls: {} }, 'tls is given, but no server speaks TLS'],
    [
      { url: 'postgresql:///shop?host=/run&sslmode=require' },
      'url?sslmode asks for TLS, which no server speaks',
    ],
  ])('refuse %j', (options, problem) => {
    expect(problems(options)).toEqual([expect.stringContaining(problem)]);
  });

  it.each<[object, object]>([
    [{ pool: { max: 2 } }, { pool: { min: 2 } }],
    [
      { pool: { acquireTimeoutMs: 500 } },
      { pool: { connectTimeoutMs: 500 }, transaction: { maxWaitMs: 500 } },
    ],
    [{ pool: { connectTimeoutMs: 15_000 } }, { pool: { acquireTimeoutMs: 15_000 } }],
    [{ timeouts: { statementMs: 1_000 } }, { timeouts: { lockMs: 500 } }],
    [{ timeouts: { statementMs: 0 } }, { timeouts: { lockMs: 5_000 } }],
    [{ startup: { initialDelayMs: 20_000 } }, { startup: { maxDelayMs: 20_000 } }],
    [{ startup: { maxDelayMs: 10 } }, { startup: { initialDelayMs: 10 } }],
    [{ startup: { initialDelayMs: 0 } }, { startup: { initialDelayMs: 0, maxDelayMs: 10_000 } }],
    [{ startup: { mode: 'lazy' } }, { pool: { warmUp: false } }],
    [{ shutdown: { timeoutMs: 1_000 } }, { shutdown: { drainMs: 500 } }],
    [{ shutdown: { timeoutMs: 0 } }, { shutdown: { drainMs: 0 } }],
  ])('let a default follow what is given: %j', (options, expected) => {
    expect(resolve(options)).toMatchObject(expected);
  });

  it('are reported together with everything else that is wrong, in one error', () => {
    expect(
      problems({
        url: 'postgresql://me@db/shop?sslmode=prefer&colour=red',
        client: undefined,
        pool: { min: 30, max: Number.NaN },
        timeouts: { lockMs: 60_000 },
        logging: null,
        surprise: 1,
      }).map((problem) => problem.split(' ', 1)[0]),
    ).toEqual([
      'surprise',
      'url',
      'url?sslmode',
      'client',
      'pool.max',
      'pool.min',
      'timeouts.lockMs',
      'logging',
    ]);
  });
});

describe('options of an unusual shape', () => {
  it('are read through getters and prototypes, each once', () => {
    let reads = 0;
    class Settings {
      readonly client = PrismaClient;
      readonly env = false as const;
      get url() {
        return url;
      }
      get pool() {
        reads += 1;
        return { max: reads };
      }
    }
    expect(resolveDatabaseOptions(new Settings()).pool.max).toBe(1);
    expect(reads).toBe(1);
  });

  it('may have no prototype, and undefined counts as absent', () => {
    const pool = Object.assign(Object.create(null) as object, { max: undefined, min: 1 });
    expect(resolve({ pool, redis: undefined, tls: undefined, password: undefined })).toMatchObject({
      pool: { max: 20, min: 1 },
      tls: false,
    });
  });

  it.each<[object, string]>([
    [{ pool: { max: Number(undefined) } }, '(NaN is what a variable that is not set gives as a number)'],
    [{ pool: { max: null } }, 'is null, expected an integer in [1, 1000] (leave it out, or give undefined).'],
    [{ pool: null }, 'is null, expected an object (leave it out, or give undefined).'],
    [{ pool: Promise.resolve({ max: 1 }) }, 'is a promise that was not awaited, expected an object.'],
    [{ pool: new Map([['max', 1]]) }, 'is an object of another kind, expected an object.'],
    [{ pool: [1] }, 'is an array, expected an object.'],
    [{ password: 'sesame' }, 'is not a function.'],
    [{ redis: { sentinels: [], name: 'x' } }, 'asks for Redis Sentinel, which is not supported.'],
    [{ redis: { cluster: [] } }, 'asks for Redis Cluster, which is not supported.'],
    [{ redis: { url: 'redis://:a%zz@h' } }, 'holds a "%"'],
    [{ redis: true }, 'expected an object'],
    [{ clientOptions: { omit: [] } }, 'is not an object of models'],
    [{ clientOptions: { transactionOptions: { timeout: 0 } } }, 'expected an integer in [1, 3600000]'],
    [{ startup: { factor: 0.5 } }, 'is 0.5, expected a number in [1, 10].'],
  ])('that cannot be used say why: %p', (options, problem) => {
    expect(problems(options)).toEqual([expect.stringContaining(problem)]);
  });

  it('may throw when they are read; the error is not repeated', () => {
    const pool = {
      get max(): number {
        throw new Error('sesame');
      },
    };
    expect(problems({ pool })).toEqual(['pool.max could not be read: its getter throws.']);
  });

  it('stay as they are: nothing that belongs to the application is frozen or changed', () => {
    const omit = { user: { password: true } };
    const given = { clientOptions: { omit, transactionOptions: { timeout: 1 } }, pool: { max: 3 } };
    const { clientOptions } = resolve(given);
    expect(clientOptions).toEqual(given.clientOptions);
    expect([given, given.pool, omit, omit.user].some((part) => Object.isFrozen(part))).toBe(false);
  });
});

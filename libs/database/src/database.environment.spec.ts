import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from './config/config.errors.js';
import { NUMBER_VARIABLES } from './config/environment.js';
import { resolveDatabaseOptions } from './database.options.js';

class PrismaClient {}
const URL = 'postgresql://me:pw@db:5433/shop';

const resolve = (env: NodeJS.ProcessEnv, options: object = {}, name?: string) =>
  resolveDatabaseOptions({ client: PrismaClient, env, ...options }, name);

function problems(env: NodeJS.ProcessEnv | undefined, options: object = {}, name?: string): string[] {
  try {
    resolveDatabaseOptions({ client: PrismaClient, ...(env && { env }), ...options }, name);
  } catch (error) {
    if (error instanceof InvalidOptionsError)
      return error.violations.map(({ path, problem }) => `${path} ${problem}`);
    throw error;
  }
  return [];
}

describe('the environment', () => {
  it('sets every option it has a variable for, in the unit of the variable', () => {
    const { pool, timeouts, startup } = resolve({
      DATABASE_URL: URL,
      DB_MAX_CONNECTIONS: '40',
      DB_MIN_CONNECTIONS: '10',
      DB_CONNECTION_TIMEOUT: '4000',
      DB_POOL_TIMEOUT: '6',
      DB_IDLE_TIMEOUT: '70000',
      DB_MAX_LIFETIME: '80000',
      DB_STATEMENT_TIMEOUT: '9000',
      DB_RETRY_ATTEMPTS: '5',
      DB_RETRY_DELAY: '200',
    });
    expect(pool).toMatchObject({
      max: 40,
      min: 10,
      connectTimeoutMs: 4_000,
      acquireTimeoutMs: 6_000,
      idleTimeoutMs: 70_000,
      maxLifetimeMs: 80_000,
    });
    expect(timeouts.statementMs).toBe(9_000);
    expect(startup).toMatchObject({ attempts: 5, initialDelayMs: 200 });
  });

  it.each(['DB_MAX_CONNECTIONS', 'DATABASE_POOL_SIZE', 'DB_CONNECTION_LIMIT'])(
    'takes the pool size from %s',
    (name) => {
      expect(resolve({ DATABASE_URL: URL, [name]: ' 7 ' }).pool.max).toBe(7);
    },
  );

  it('refuses two names of one setting with different values, and takes the same value twice', () => {
    const both = (value: string) => ({
      DATABASE_URL: URL,
      DB_MAX_CONNECTIONS: '7',
      DB_CONNECTION_LIMIT: value,
    });
    expect(resolve(both('7')).pool.max).toBe(7);
    expect(problems(both('8'))).toEqual([
      'DB_CONNECTION_LIMIT says the same as `DB_MAX_CONNECTIONS` but has another value. Set one of them.',
    ]);
  });

  it.each([
    ['DB_MAX_CONNECTIONS', '0', 'is 0, expected an integer in [1, 1000].'],
    ['DB_MAX_CONNECTIONS', 'many', 'is "many", expected an integer in [1, 1000].'],
    ['DB_MAX_CONNECTIONS', '1e3', 'is "1e3", expected an integer in [1, 1000].'],
    ['DB_MAX_CONNECTIONS', '5.5', 'is "5.5", expected an integer in [1, 1000].'],
    ['DB_POOL_TIMEOUT', '0', 'is 0, expected whole seconds in [1, 600]; waiting for ever is not possible.'],
    ['DB_POOL_TIMEOUT', '10s', 'is "10s", expected whole seconds in [1, 600].'],
    ['DB_POOL_TIMEOUT', '10000', 'is 10000, expected whole seconds in [1, 600].'],
    ['DB_IDLE_TIMEOUT', '10', 'is 10, expected an integer in [1000, 86400000].'],
    ['DB_RETRY_ATTEMPTS', '-1', 'is -1, expected an integer in [1, 1000].'],
  ])('refuses %s=%s with variable, value and range', (name, value, problem) => {
    expect(problems({ DATABASE_URL: URL, [name]: value })).toEqual([`${name} ${problem}`]);
  });

  it('names the variables in a rule between two options', () => {
    expect(problems({ DATABASE_URL: URL, DB_MAX_CONNECTIONS: '3', DB_MIN_CONNECTIONS: '4' })).toEqual([
      'DB_MIN_CONNECTIONS is 4, more than `DB_MAX_CONNECTIONS` = 3.',
    ]);
  });

  it.each(NUMBER_VARIABLES.flatMap(({ name, aliases = [] }) => [name, ...aliases]))(
    'takes an empty %s for one that is not set',
    (name) => {
      expect(resolve({ DATABASE_URL: URL, [name]: ' ' })).toMatchObject({ pool: { max: 20 } });
    },
  );

  it('is not read at all with `env: false`', () => {
    expect(problems(undefined, { env: false })).toEqual([expect.stringContaining('url is missing')]);
  });
});

describe('the order of the sources', () => {
  const env = {
    DATABASE_URL: `${URL}?connection_limit=4&pool_timeout=40`,
    DB_MAX_CONNECTIONS: '3',
    DB_POOL_TIMEOUT: '30',
  };

  it('is: option, then the URL given as an option, then the variable, then DATABASE_URL, then the default', () => {
    const url = `${URL}?connection_limit=2`;
    expect(resolve(env, { url, pool: { max: 1 } }).pool.max).toBe(1);
    expect(resolve(env, { url }).pool).toMatchObject({ max: 2, acquireTimeoutMs: 30_000 });
    expect(resolve(env).pool).toMatchObject({ max: 3, acquireTimeoutMs: 30_000 });
    expect(resolve({ DATABASE_URL: env.DATABASE_URL }).pool).toMatchObject({
      max: 4,
      acquireTimeoutMs: 40_000,
    });
    expect(resolve({ DATABASE_URL: URL }).pool).toMatchObject({ max: 20, acquireTimeoutMs: 10_000 });
  });

  it('lets a source be wrong that does not count', () => {
    expect(resolve({ ...env, DB_MAX_CONNECTIONS: 'many' }, { pool: { max: 1 } }).pool.max).toBe(1);
  });

  it('holds for the schema and the name of the application as well', () => {
    const url = `${URL}?schema=a&application_name=till`;
    expect(resolve({}, { url })).toMatchObject({ url: { schema: 'a' }, applicationName: 'till' });
    expect(resolve({}, { url, schema: 'b', applicationName: 'desk' })).toMatchObject({
      url: { schema: 'b' },
      applicationName: 'desk',
    });
    expect(problems({ DATABASE_URL: `${URL}?schema=a;b` })).toEqual([
      expect.stringContaining('DATABASE_URL?schema is no plain identifier'),
    ]);
    expect(problems({}, { url, applicationName: 'Käse' })).toEqual([expect.stringContaining('ASCII')]);
  });
});

describe('the place of the database', () => {
  const parts = {
    DATABASE_HOST: 'db',
    DATABASE_PORT: '5433',
    DATABASE_NAME: 'shop',
    DATABASE_USER: 'me',
    DATABASE_PASSWORD: 'p/w%41',
  };

  it('is put together from one variable for each part, the password as it is', async () => {
    const { url, password, tls } = resolve({ ...parts, DATABASE_SSL: 'true' });
    expect(url).toEqual({ host: 'db', port: 5433, database: 'shop', user: 'me', schema: undefined });
    expect(await password?.()).toBe('p/w%41');
    expect(tls).toEqual({ rejectUnauthorized: true });
  });

  it('needs a host and a database, and no more', () => {
    expect(resolve({ DATABASE_HOST: '/run/pg', DATABASE_NAME: 'shop' })).toMatchObject({
      url: { host: '/run/pg', port: 5432, user: 'postgres' },
      password: undefined,
      tls: false,
    });
    expect(problems({ DATABASE_USER: 'me' })).toEqual([
      'DATABASE_HOST is missing, but other DATABASE_… variables are set.',
      'DATABASE_NAME is missing, but other DATABASE_… variables are set.',
    ]);
  });

  it.each([
    [{ DATABASE_PORT: '0' }, 'DATABASE_PORT is 0, expected an integer in [1, 65535].'],
    [{ DATABASE_HOST: 'a,b' }, 'DATABASE_HOST is neither one host name'],
    [{ DATABASE_HOST: 'postgres://h' }, 'DATABASE_HOST is neither one host name'],
    [{ DATABASE_SSL: 'yes' }, 'DATABASE_SSL is "yes", expected one of: true, false, disable'],
  ])('refuses the parts %j', (wrong, problem) => {
    expect(problems({ ...parts, ...wrong })).toEqual([expect.stringContaining(problem)]);
  });

  it('takes parts beside DATABASE_URL only if they say the same', () => {
    const env = { DATABASE_URL: 'postgresql://me:p%2Fw%2541@db:5433/shop', ...parts };
    expect(resolve(env).url.database).toBe('shop');
    expect(problems({ ...env, DATABASE_HOST: 'other', DATABASE_PASSWORD: 'sesame' })).toEqual([
      'DATABASE_HOST says something else than `DATABASE_URL`. Set one of them.',
      'DATABASE_PASSWORD says something else than `DATABASE_URL`. Set one of them.',
    ]);
    expect(problems({ DATABASE_URL: `${URL}?sslmode=no-verify`, DATABASE_SSL: 'true' })).toEqual([
      'DATABASE_SSL says something else than `DATABASE_URL`. Set one of them.',
    ]);
    expect(resolve({ DATABASE_URL: `${URL}?sslmode=verify-full`, DATABASE_SSL: 'true' }).tls).not.toBe(false);
  });

  it('completes a DATABASE_URL without a password, but never sends a password to the server of another URL', async () => {
    const env = { DATABASE_URL: 'postgresql://me@db/shop', DATABASE_PASSWORD: 'sesame' };
    expect(await resolve(env).password?.()).toBe('sesame');
    expect(resolve(env, { url: 'postgresql://me@elsewhere/shop' }).password).toBeUndefined();
  });

  it('of a named connection is given by its own options: the variables belong to the default connection', () => {
    const before = process.env.DATABASE_URL;
    process.env.DATABASE_URL = URL;
    try {
      expect(problems(undefined, {}, 'billing')).toEqual([expect.stringContaining('url is missing')]);
      expect(resolveDatabaseOptions({ client: PrismaClient }).url.database).toBe('shop');
    } finally {
      if (before === undefined) delete process.env.DATABASE_URL;
      else process.env.DATABASE_URL = before;
    }
    expect(resolve({ DATABASE_URL: URL }, {}, 'billing')).toMatchObject({
      name: 'billing',
      url: { host: 'db' },
    });
  });
});

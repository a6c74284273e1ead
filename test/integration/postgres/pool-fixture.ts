import type { DatabaseError } from '../../../libs/database/src/index.js';
import { resolvePoolOptions } from '../../../libs/database/src/postgres/pool.options.js';
import { resolveTimeoutOptions } from '../../../libs/database/src/postgres/timeout.options.js';
import { OptionValidator } from '../../../libs/database/src/config/option-validator.js';
import { DatabasePool } from '../../../libs/database/src/postgres/database-pool.js';
import type { PoolOptions } from '../../../libs/database/src/postgres/pool.options.js';
import type { TimeoutOptions } from '../../../libs/database/src/postgres/timeout.options.js';
import type { TestDatabase } from '../../support/test-database.js';

export interface PoolFixtureOptions {
  readonly pool?: PoolOptions;
  readonly timeouts?: TimeoutOptions;
  readonly warn?: (line: string) => void;
  readonly refusal?: () => DatabaseError | undefined;
  readonly port?: number;
  readonly password?: (() => string | Promise<string>) | undefined;
}

/** A pool on `database` with the library's own defaults, for tests of the pool itself. */
export function createPool(
  { url }: Pick<TestDatabase, 'url'>,
  options: PoolFixtureOptions = {},
): DatabasePool {
  const parsed = new URL(url);
  const validator = new OptionValidator();
  const settings = {
    name: 'default',
    url: {
      host: parsed.hostname,
      port: options.port ?? Number(parsed.port),
      database: parsed.pathname.slice(1),
      user: decodeURIComponent(parsed.username),
      schema: undefined,
    },
    password: 'password' in options ? options.password : () => decodeURIComponent(parsed.password),
    tls: false,
    applicationName: 'pool-test',
    pool: resolvePoolOptions(options.pool, validator),
    timeouts: resolveTimeoutOptions(options.timeouts, validator),
  } as const;
  if (validator.violations.length > 0) throw new Error(JSON.stringify(validator.violations));
  return new DatabasePool(settings, {
    ...(options.warn !== undefined && { warn: options.warn }),
    ...(options.refusal !== undefined && { refusal: options.refusal }),
  });
}

import { resolve } from 'node:path';
import { ShopOptionsError } from './app.options.errors.js';

/** What the environment says about the shop. */
export interface ShopOptions {
  /** `PORT`, 3000; 0 takes a free one. */
  readonly port: number;
  /** `HOST`, 127.0.0.1: the shop has no login, so other machines have to be let in on purpose. */
  readonly host: string;
  /** `DATABASE_URL`; without it the shop brings its own PostgreSQL. */
  readonly databaseUrl: string | undefined;
  /** `REDIS_URL`; without it the shop brings its own Redis where redis-server is installed. */
  readonly redisUrl: string | undefined;
  /** `SHOP_DATA_DIR`, .data: where the shop's own servers keep their files. */
  readonly dataDirectory: string;
  /** `SHOP_SEED`: whether an empty database is filled. By default only the shop's own is. */
  readonly seed: boolean;
}

const DEFAULT_PORT = 3_000;
const MAX_PORT = 65_535;

/** @throws {ShopOptionsError} when a variable cannot be used */
export function readShopOptions(env: NodeJS.ProcessEnv): ShopOptions {
  const databaseUrl = textOf(env.DATABASE_URL);
  return {
    port: readPort(textOf(env.PORT)),
    host: textOf(env.HOST) ?? '127.0.0.1',
    databaseUrl,
    redisUrl: textOf(env.REDIS_URL),
    dataDirectory: resolve(textOf(env.SHOP_DATA_DIR) ?? '.data'),
    seed: readFlag('SHOP_SEED', env.SHOP_SEED) ?? databaseUrl === undefined,
  };
}

/** `SHOP_DEBUG`: whether a failed start shows its stack. Never fails, as it is asked after something has. */
export function wantsDebug(env: NodeJS.ProcessEnv): boolean {
  return ['1', 'true'].includes(textOf(env.SHOP_DEBUG)?.toLowerCase() ?? '');
}

function readPort(value: string | undefined): number {
  if (value === undefined) return DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(value) || Number(value) > MAX_PORT) {
    throw new ShopOptionsError('PORT', `is "${value}", expected a whole number from 0 to ${MAX_PORT}.`);
  }
  return Number(value);
}

function readFlag(variable: string, value: string | undefined): boolean | undefined {
  switch (textOf(value)?.toLowerCase()) {
    case undefined:
      return undefined;
    case 'true':
    case '1':
      return true;
    case 'false':
    case '0':
      return false;
    default:
      throw new ShopOptionsError(variable, `is "${value ?? ''}", expected true or false.`);
  }
}

/** An empty variable counts as absent, as shells and compose files leave it behind. */
function textOf(value: string | undefined): string | undefined {
  const trimmed = value?.trim();
  return trimmed === '' ? undefined : trimmed;
}

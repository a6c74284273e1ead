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
  /** `SHOP_PARTNERS_URL`: the payment gateway and the message service; without it fake ones of the shop's own. */
  readonly partnersUrl: URL | undefined;
  /** `SHOP_PARTNER_TIMEOUT_MS`, 3000: how long one of them may take for an answer. */
  readonly partnerTimeoutMs: number;
  /** `SHOP_LEASE_MS`, 30000: after how long another instance goes on with what one that died has left. */
  readonly leaseMs: number;
}

const DEFAULT_PORT = 3_000;
const MAX_PORT = 65_535;

/** @throws {ShopOptionsError} when a variable cannot be used */
export function readShopOptions(env: NodeJS.ProcessEnv): ShopOptions {
  const databaseUrl = textOf(env.DATABASE_URL);
  return {
    port: readNumber('PORT', env.PORT, DEFAULT_PORT, [0, MAX_PORT]),
    host: textOf(env.HOST) ?? '127.0.0.1',
    databaseUrl,
    redisUrl: textOf(env.REDIS_URL),
    dataDirectory: resolve(textOf(env.SHOP_DATA_DIR) ?? '.data'),
    seed: readFlag('SHOP_SEED', env.SHOP_SEED) ?? databaseUrl === undefined,
    partnersUrl: readUrl('SHOP_PARTNERS_URL', env.SHOP_PARTNERS_URL),
    partnerTimeoutMs: readNumber('SHOP_PARTNER_TIMEOUT_MS', env.SHOP_PARTNER_TIMEOUT_MS, 3_000, [10, 60_000]),
    leaseMs: readNumber('SHOP_LEASE_MS', env.SHOP_LEASE_MS, 30_000, [500, 3_600_000]),
  };
}

/** `SHOP_DEBUG`: whether a failed start shows its stack. Never fails, as it is asked after something has. */
export function wantsDebug(env: NodeJS.ProcessEnv): boolean {
  return ['1', 'true'].includes(textOf(env.SHOP_DEBUG)?.toLowerCase() ?? '');
}

function readNumber(
  variable: string,
  value: string | undefined,
  otherwise: number,
  [min, max]: readonly [number, number],
): number {
  const text = textOf(value);
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text) || Number(text) < min || Number(text) > max)
    throw new ShopOptionsError(variable, `is "${text}", expected a whole number from ${min} to ${max}.`);
  return Number(text);
}

function readUrl(variable: string, value: string | undefined): URL | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) return url;
  // Without the value, which may hold a password.
  throw new ShopOptionsError(variable, 'is no address that begins with http:// or https://.');
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

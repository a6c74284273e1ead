import type { OptionValidator } from '../config/option-validator.js';
import { Secret } from '../config/secret.js';

/**
 * Where Redis is; a single server.
 *
 * @public
 */
export interface RedisOptions {
  /**
   * `redis://user:password@host:port/database`, or `rediss://` for TLS.
   *
   * @defaultValue the environment variable `REDIS_URL`
   */
  readonly url?: string | undefined;
}

/**
 * The `redis` option, checked and completed.
 *
 * @internal
 */
export interface ResolvedRedisOptions {
  /** A checked URL; may hold a password. */
  readonly url: Secret;
}

const NOT_SUPPORTED = { sentinels: 'Redis Sentinel', cluster: 'Redis Cluster' };

/**
 * Reads the `redis` option: `false` switches Redis off, and so does giving neither an option nor `REDIS_URL`.
 */
export function resolveRedisOptions(
  value: unknown,
  validator: OptionValidator,
  environmentUrl: string | undefined,
): ResolvedRedisOptions | false {
  if (value === false) return false;
  for (const [option, product] of Object.entries(NOT_SUPPORTED)) {
    if (typeof value === 'object' && value !== null && option in value) {
      validator.reject(
        option,
        `asks for ${product}, which is not supported. Give the \`url\` of a single server.`,
      );
      return false;
    }
  }
  const before = validator.violations.length;
  const options = validator.object(value, '', ['url']);
  const given = validator.text(options.url, 'url', undefined);
  if (validator.violations.length > before) return false;
  const url = (given ?? environmentUrl)?.trim();
  if (url === undefined) {
    if (value !== undefined)
      validator.reject('url', 'is missing. Give it, set REDIS_URL, or switch Redis off with `redis: false`.');
    return false;
  }
  checkUrl(url, given === undefined ? 'REDIS_URL' : 'url', validator);
  return { url: new Secret(url) };
}

function checkUrl(url: string, path: string, validator: OptionValidator): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '') {
    validator.reject(
      path,
      'is not a Redis URL. Expected redis://user:password@host:port or rediss://… for TLS.',
    );
  } else if (!/^(\/\d{0,5})?$/.test(parsed.pathname)) {
    validator.reject(path, 'names a database that is not a number.');
  } else if (!isDecodable(`${parsed.username}${parsed.password}`)) {
    validator.reject(path, 'holds a "%" that starts no percent-encoded character. Write "%" itself as %25.');
  } else if (parsed.search !== '' || parsed.hash !== '') {
    validator.reject(path, 'has parameters after "?" or "#"; none are known.');
  }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

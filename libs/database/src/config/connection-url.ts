import type { OptionValidator } from './option-validator.js';
import { Secret } from './secret.js';
import { readUrlParameters, type UrlParameters } from './url-parameters.js';

/** Which database, as which user; holds no secret. */
export interface PostgresTarget {
  /** Name or address; the directory of a Unix socket if it starts with "/". */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** The schema that unqualified names mean; undefined leaves it to the server. */
  readonly schema: string | undefined;
}

/** A PostgreSQL connection URL, taken apart. */
export interface PostgresUrl extends PostgresTarget {
  readonly password: Secret | undefined;
  readonly parameters: UrlParameters;
}

const DEFAULT_PORT = 5432;
const DEFAULT_USER = 'postgres';
const EXAMPLE = 'postgresql://user:password@host:port/database';
const NOT_A_URL = `is not a URL. Expected ${EXAMPLE} (special characters percent-encoded).`;

/**
 * Takes a PostgreSQL URL apart, or records what is wrong with it under `path`; the URL itself is never repeated, as any
 * part of it may belong to a password that was not encoded.
 */
export function parsePostgresUrl(
  url: string,
  path: string,
  validator: OptionValidator,
): PostgresUrl | undefined {
  const before = validator.violations.length;
  const parsed = parseUrl(url.trim(), path, validator);
  if (parsed === undefined) return undefined;
  const { pathname, searchParams } = parsed;
  const [host, database, user, password] = [parsed.hostname, pathname.slice(1), parsed.username, parsed.password].map(
    decode,
  ); // prettier-ignore
  if (host === undefined || database === undefined || user === undefined || password === undefined) {
    validator.reject(path, 'holds a "%" that starts no percent-encoded character. Write "%" itself as %25.');
    return undefined;
  }
  if (`${host}${database}${user}${password}`.includes('\0')) validator.reject(path, 'holds a zero byte.');
  const parameters = readUrlParameters(searchParams, path, validator);
  if (host === '' && parameters.socketDirectory === undefined) validator.reject(path, 'names no host.');
  if (host.includes(',')) {
    validator.reject(path, 'names several hosts. Give one; it may be the name of a proxy in front of them.');
  }
  if (parsed.port === '0') validator.reject(path, 'names port 0, expected one in [1, 65535].');
  if (database === '') validator.reject(path, 'names no database after the host.');
  if (validator.violations.length > before) return undefined;
  return {
    // The WHATWG URL keeps the brackets of an IPv6 address; sockets want it without.
    host: parameters.socketDirectory ?? host.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
    database,
    user: user === '' ? DEFAULT_USER : user,
    password: password === '' ? undefined : new Secret(password),
    schema: parameters.schema,
    parameters,
  };
}

function parseUrl(url: string, path: string, validator: OptionValidator): URL | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'file') {
    validator.reject(path, `names a file, as for SQLite. Only PostgreSQL is supported: ${EXAMPLE}.`);
    return undefined;
  }
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/is.exec(url);
  if (authority === null) {
    validator.reject(path, NOT_A_URL);
    return undefined;
  }
  if (scheme !== 'postgresql' && scheme !== 'postgres') {
    validator.reject(path, `starts with "${scheme ?? ''}://", expected postgresql:// or postgres://.`);
    return undefined;
  }
  const [, beforePath = '', rest = ''] = authority;
  if (/[\s\p{Cc}]/u.test(url) || /[@#]/.test(rest)) {
    validator.reject(
      path,
      'holds a space, or an "@" or "#" after the host. Percent-encode special characters of user, password and parameters ("@" is %40, "/" is %2F, "?" is %3F, "#" is %23).',
    );
    return undefined;
  }
  if (beforePath.replace(/^.*@/, '').includes(',')) {
    validator.reject(path, 'names several hosts. Give one; it may be the name of a proxy in front of them.');
    return undefined;
  }
  if (rest.replace(/\?.*$/s, '').lastIndexOf('/') > 0) {
    validator.reject(path, 'has a "/" in the name of the database. If it belongs to it, write %2F.');
    return undefined;
  }
  if (!URL.canParse(url)) {
    validator.reject(path, NOT_A_URL);
    return undefined;
  }
  return new URL(url);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

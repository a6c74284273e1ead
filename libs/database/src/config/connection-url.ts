import type { OptionValidator } from './option-validator.js';
import { Secret } from './secret.js';

/** Which database, as which user; holds no secret. */
export interface PostgresTarget {
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
  readonly applicationName: string | undefined;
  readonly connectionLimit: number | undefined;
}

const PARAMETERS = ['schema', 'application_name', 'connection_limit'] as const;
/** A name that needs no quotes beyond a plain pair. */
export const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;

/**
 * Takes a PostgreSQL URL apart, or records what is wrong with it under `path`; the URL itself is never repeated.
 *
 * Unknown parameters are refused rather than dropped: a parameter that does nothing is a setting the user believes in.
 */
export function parsePostgresUrl(
  url: string,
  path: string,
  validator: OptionValidator,
): PostgresUrl | undefined {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    validator.reject(
      path,
      'is not a URL. Expected postgresql://user:password@host:port/database (special characters percent-encoded).',
    );
    return undefined;
  }
  if (parsed.protocol !== 'postgresql:' && parsed.protocol !== 'postgres:') {
    validator.reject(path, `starts with "${parsed.protocol}//", expected postgresql:// or postgres://.`);
    return undefined;
  }
  const database = decode(parsed.pathname.slice(1));
  const user = decode(parsed.username);
  const password = decode(parsed.password);
  if (database === undefined || user === undefined || password === undefined) {
    validator.reject(path, 'holds a "%" that starts no percent-encoded character. Write "%" itself as %25.');
    return undefined;
  }
  if (parsed.hostname === '') validator.reject(path, 'names no host.');
  if (database === '') validator.reject(path, 'names no database after the host.');
  for (const name of new Set(parsed.searchParams.keys())) {
    if (!PARAMETERS.some((known) => known === name)) {
      validator.reject(path, `has the unknown parameter "${name}". Known are: ${PARAMETERS.join(', ')}.`);
    }
  }
  const schema = parsed.searchParams.get('schema') ?? undefined;
  if (schema !== undefined && !IDENTIFIER.test(schema)) {
    validator.reject(
      path,
      'has a "schema" that is no plain identifier (letters, digits, "_", "$", at most 63).',
    );
  }
  return {
    // The WHATWG URL keeps the brackets of an IPv6 address; sockets want it without.
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    database,
    user: user === '' ? 'postgres' : user,
    password: password === '' ? undefined : new Secret(password),
    schema,
    applicationName: parsed.searchParams.get('application_name') ?? undefined,
    connectionLimit: readLimit(parsed, path, validator),
  };
}

function readLimit(parsed: URL, path: string, validator: OptionValidator): number | undefined {
  const text = parsed.searchParams.get('connection_limit');
  if (text === null) return undefined;
  const limit = Number(text);
  if (text !== '' && Number.isInteger(limit) && limit >= 1 && limit <= 1_000) return limit;
  validator.reject(path, 'has a "connection_limit" that is no integer in [1, 1000].');
  return undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

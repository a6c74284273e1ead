import { parsePostgresUrl, type PostgresUrl } from './connection-url.js';
import { toNumber, type Environment } from './environment.js';
import type { OptionValidator } from './option-validator.js';
import { Secret } from './secret.js';
import type { SslMode, UrlParameters } from './url-parameters.js';

/** Where the database is, and who said so. */
export interface DatabaseLocation {
  readonly url: PostgresUrl;
  /** The name of the option or variable, for messages. */
  readonly source: string;
  /** Where the password was found, if there is one. */
  readonly passwordSource: string | undefined;
}

/** The variables that say where the database is, one part each; the documentation's table is made from it. */
export const LOCATION_VARIABLES = {
  DATABASE_URL: 'Where the database is; the option `url`.',
  DATABASE_HOST: 'Host, or the directory of a Unix socket; without `DATABASE_URL`.',
  DATABASE_PORT: 'Port; 5432 if not set.',
  DATABASE_NAME: 'Name of the database.',
  DATABASE_USER: 'User; `postgres` if not set.',
  DATABASE_PASSWORD: 'Password, as it is (nothing is decoded); also for a `DATABASE_URL` that has none.',
  DATABASE_SSL: '`true`: TLS with a verified certificate; `false`: none; or a value of `sslmode`.',
} as const;

const PARTS = [
  'DATABASE_HOST', 'DATABASE_PORT', 'DATABASE_NAME', 'DATABASE_USER', 'DATABASE_PASSWORD', 'DATABASE_SSL',
] as const; // prettier-ignore
const MISSING =
  'is missing. Give it, or set DATABASE_URL, for example postgresql://user:password@localhost:5432/shop, or DATABASE_HOST and DATABASE_NAME.';

const NO_PARAMETERS: UrlParameters = {
  schema: undefined,
  applicationName: undefined,
  sslMode: undefined,
  sslFiles: {},
  socketDirectory: undefined,
  pgbouncer: false,
  numbers: {},
  notes: [],
};

/**
 * Finds out where the database is: the option `url`, then `DATABASE_URL`, then the variables for one part each.
 *
 * The first source counts as a whole: a host from here and a password from there would send the password to a server it
 * is not for. Variables beside `DATABASE_URL` may only repeat it, or give the password it does not have.
 */
export function locateDatabase(
  value: unknown,
  environment: Environment,
  validator: OptionValidator,
): DatabaseLocation | undefined {
  const given = validator.text(value, 'url', undefined);
  if (given !== undefined) return located(parsePostgresUrl(given, 'url', validator), 'url');
  if (value !== undefined) return undefined;
  const text = environment.text('DATABASE_URL');
  if (text !== undefined) {
    const url = parsePostgresUrl(text, 'DATABASE_URL', validator);
    return url && completeUrl(url, environment, validator);
  }
  if (PARTS.some((name) => environment.text(name) !== undefined)) return fromParts(environment, validator);
  validator.reject('url', MISSING);
  return undefined;
}

function located(url: PostgresUrl | undefined, source: string): DatabaseLocation | undefined {
  return url && { url, source, passwordSource: url.password && source };
}

function completeUrl(
  url: PostgresUrl,
  environment: Environment,
  validator: OptionValidator,
): DatabaseLocation {
  const differs = (name: string) =>
    validator.reject(name, 'says something else than `DATABASE_URL`. Set one of them.');
  const { host, port, database, user } = url;
  const expected = { DATABASE_HOST: host, DATABASE_PORT: port, DATABASE_NAME: database, DATABASE_USER: user };
  for (const [name, part] of Object.entries(expected)) {
    const text = environment.text(name);
    if (text !== undefined && text.trim() !== String(part)) differs(name);
  }
  const password = environment.text('DATABASE_PASSWORD');
  if (password !== undefined && url.password !== undefined && password !== url.password.reveal()) {
    differs('DATABASE_PASSWORD');
  }
  const sslMode = readSsl(environment, validator);
  if (sslMode && url.parameters.sslMode && strictness(sslMode) !== strictness(url.parameters.sslMode)) {
    differs('DATABASE_SSL');
  }
  return {
    url: {
      ...url,
      password: url.password ?? (password === undefined ? undefined : new Secret(password)),
      parameters: { ...url.parameters, sslMode: url.parameters.sslMode ?? sslMode },
    },
    source: 'DATABASE_URL',
    passwordSource: url.password ? 'DATABASE_URL' : password && 'DATABASE_PASSWORD',
  };
}

function fromParts(environment: Environment, validator: OptionValidator): DatabaseLocation | undefined {
  const port = environment.text('DATABASE_PORT');
  const portNumber = validator.integer(
    port === undefined ? undefined : toNumber(port),
    'DATABASE_PORT',
    5432,
    { min: 1, max: 65_535 },
  );
  const host = environment.text('DATABASE_HOST')?.trim();
  const database = environment.text('DATABASE_NAME')?.trim();
  const sslMode = readSsl(environment, validator);
  if (host === undefined)
    validator.reject('DATABASE_HOST', 'is missing, but other DATABASE_… variables are set.');
  if (database === undefined)
    validator.reject('DATABASE_NAME', 'is missing, but other DATABASE_… variables are set.');
  if (host !== undefined && !/^(\/[^\0]*|[^\s/,@?#\0]+)$/.test(host)) {
    validator.reject(
      'DATABASE_HOST',
      'is neither one host name, nor one address, nor the path of a directory.',
    );
  }
  if (host === undefined || database === undefined) return undefined;
  const password = environment.text('DATABASE_PASSWORD');
  return {
    url: {
      host: host.replace(/^\[(.*)\]$/, '$1'),
      port: portNumber,
      database,
      user: environment.text('DATABASE_USER')?.trim() ?? 'postgres',
      password: password === undefined ? undefined : new Secret(password),
      schema: undefined,
      parameters: { ...NO_PARAMETERS, sslMode },
    },
    source: 'DATABASE_HOST',
    passwordSource: password && 'DATABASE_PASSWORD',
  };
}

function readSsl(environment: Environment, validator: OptionValidator): SslMode | undefined {
  const text = environment.text('DATABASE_SSL')?.trim();
  const mode = validator.oneOf(text, 'DATABASE_SSL', undefined, [
    'true', 'false', 'disable', 'no-verify', 'require', 'verify-ca', 'verify-full',
  ]); // prettier-ignore
  if (mode === 'true') return 'require';
  return mode === 'false' ? 'disable' : mode;
}

function strictness(mode: SslMode): 'none' | 'encrypted' | 'verified' {
  if (mode === 'disable') return 'none';
  return mode === 'no-verify' ? 'encrypted' : 'verified';
}

import { offerSeconds, toNumber } from './environment.js';
import type { OptionValidator } from './option-validator.js';

/** What `sslmode` may be. libpq's `allow` and `prefer` are missing: they go on without TLS when it does not work. */
export const SSL_MODES = ['disable', 'no-verify', 'require', 'verify-ca', 'verify-full'] as const;

/** One of {@link SSL_MODES}. */
export type SslMode = (typeof SSL_MODES)[number];

/** Every parameter that is known, with one sentence for the documentation. */
export const URL_PARAMETERS = {
  schema: 'The option `schema`.',
  application_name: 'The option `applicationName`.',
  connection_limit: 'The option `pool.max`.',
  pool_timeout: 'The option `pool.acquireTimeoutMs`, in seconds; 0 (for ever) is refused.',
  connect_timeout: 'The option `pool.connectTimeoutMs`, in seconds; 0 (for ever) is refused.',
  sslmode:
    '`disable`: no TLS. `require`, `verify-ca`, `verify-full`: TLS with a verified certificate, all three alike. `no-verify`: TLS with whoever answers. `prefer` and `allow` are refused: they fall back to no TLS.',
  sslrootcert: 'File with the certificates of the authorities to trust (PEM).',
  sslcert: 'File with the certificate the client shows (PEM); needs `sslkey`.',
  sslkey: 'File with the key of `sslcert` (PEM, not encrypted).',
  host: 'Directory of a Unix socket, in place of the host of the URL; an absolute path.',
  pgbouncer:
    '`true` if PgBouncer in transaction mode is in between: session settings that it refuses are not sent, and `migrations.autoDeploy` is refused.',
  statement_cache_size: 'Ignored, with a note in the log: no statement cache is kept on the server.',
} as const;

type ParameterName = keyof typeof URL_PARAMETERS;

/** What to do instead of a parameter that other libraries know. */
const INSTEAD: Readonly<Record<string, string>> = {
  channel_binding: 'leave it out; `sslmode=require` verifies the certificate already',
  options: 'use the options `schema` and `timeouts`',
  password: 'put it before the host: user:password@host',
  port: 'put it behind the host: host:port',
  socket_timeout: 'use the option `timeouts.statementMs`',
  ssl: 'use `sslmode`',
  sslaccept: 'use `sslmode=verify-full` or `sslmode=no-verify`',
  sslidentity: 'use `sslcert` and `sslkey` with PEM files',
  sslpassword: 'give a key that is not encrypted',
  user: 'put it before the host: user:password@host',
};

/** The parameters of a URL that are no setting of a number. */
export interface UrlParameters {
  readonly schema: string | undefined;
  readonly applicationName: string | undefined;
  readonly sslMode: SslMode | undefined;
  readonly sslFiles: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** The directory of a Unix socket. */
  readonly socketDirectory: string | undefined;
  readonly pgbouncer: boolean;
  /** The numbers, as texts by the name of their parameter. */
  readonly numbers: Readonly<
    Partial<Record<'connection_limit' | 'pool_timeout' | 'connect_timeout', string>>
  >;
  /** What is worth a line in the log. */
  readonly notes: readonly string[];
}

/**
 * Reads the parameters behind the "?" of the URL that was given as `path`, or records what is wrong with them.
 *
 * Unknown parameters are refused rather than dropped: a parameter that does nothing is a setting the user believes in.
 */
export function readUrlParameters(
  search: URLSearchParams,
  path: string,
  validator: OptionValidator,
): UrlParameters {
  for (const name of new Set(search.keys())) {
    if (!Object.hasOwn(URL_PARAMETERS, name)) validator.reject(path, describeUnknown(name));
    else if (new Set(search.getAll(name)).size > 1) {
      validator.reject(path, `gives the parameter "${name}" twice, with different values.`);
    }
  }
  const get = (name: ParameterName) => search.get(name)?.trim() || undefined;
  const at = (name: ParameterName) => parameterPath(path, name);
  const socketDirectory = get('host');
  if (socketDirectory !== undefined && !socketDirectory.startsWith('/')) {
    validator.reject(
      at('host'),
      'is no absolute path. It names the directory of a Unix socket; a host name belongs in front of the database.',
    );
  }
  const notes = search.has('statement_cache_size')
    ? [`\`${at('statement_cache_size')}\` is ignored: no statement cache is kept on the server.`]
    : [];
  const [ca, cert, key] = [get('sslrootcert'), get('sslcert'), get('sslkey')];
  return {
    schema: get('schema'),
    applicationName: get('application_name'),
    sslMode: validator.oneOf(get('sslmode'), at('sslmode'), undefined, SSL_MODES),
    sslFiles: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
    socketDirectory,
    pgbouncer: validator.oneOf(get('pgbouncer'), at('pgbouncer'), 'false', ['true', 'false']) === 'true',
    numbers: pick(get),
    notes,
  };
}

/** Offers what the parameters of a URL say to the options they stand for. */
export function offerUrlParameters(
  { schema, applicationName, numbers }: UrlParameters,
  path: string,
  validator: OptionValidator,
): void {
  const { connection_limit, pool_timeout, connect_timeout } = numbers;
  const at = (name: ParameterName) => parameterPath(path, name);
  validator.offer('schema', schema, at('schema'));
  validator.offer('applicationName', applicationName, at('application_name'));
  if (connection_limit !== undefined)
    validator.offer('pool.max', toNumber(connection_limit), at('connection_limit'));
  if (pool_timeout !== undefined)
    offerSeconds(pool_timeout, 'pool.acquireTimeoutMs', at('pool_timeout'), validator);
  if (connect_timeout !== undefined)
    offerSeconds(connect_timeout, 'pool.connectTimeoutMs', at('connect_timeout'), validator);
}

/** What a parameter is called in a problem. */
export function parameterPath(path: string, name: ParameterName): string {
  return `${path}?${name}`;
}

function pick(get: (name: ParameterName) => string | undefined): UrlParameters['numbers'] {
  const names = ['connection_limit', 'pool_timeout', 'connect_timeout'] as const;
  return Object.fromEntries(
    names.map((name) => [name, get(name)] as const).filter(([, text]) => text !== undefined),
  );
}

function describeUnknown(name: string): string {
  const known = Object.keys(URL_PARAMETERS).join(', ');
  const instead = Object.hasOwn(INSTEAD, name) ? ` Instead, ${INSTEAD[name] ?? ''}.` : '';
  // A name of another shape may be the rest of a password with a "?" in it.
  const shown = /^[a-z_]{1,40}$/i.test(name) ? `the unknown parameter "${name}"` : 'an unknown parameter';
  return `has ${shown}.${instead} Known are: ${known}.`;
}

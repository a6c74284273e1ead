import type { OptionValidator } from '../config/option-validator.js';

/**
 * TLS to the database; giving the option, even empty, means that no connection is made without TLS.
 *
 * Certificates and keys are given as PEM text. To name files instead, use the URL: `sslrootcert`, `sslcert`, `sslkey`.
 *
 * @public
 */
export interface TlsOptions {
  /**
   * The certificates of the authorities that are trusted, instead of those that come with Node.js.
   *
   * @defaultValue the authorities of Node.js
   */
  readonly ca?: string | undefined;
  /** The certificate the client shows; needs `key`. */
  readonly cert?: string | undefined;
  /** The key of `cert`, not encrypted; needs `cert`. */
  readonly key?: string | undefined;
  /**
   * Whether the server's certificate must be valid for its host and signed by a trusted authority. Without, whoever
   * answers can read everything.
   *
   * @defaultValue true
   */
  readonly rejectUnauthorized?: boolean | undefined;
}

/**
 * The driver's `ssl` as it is; `key` is there but not enumerable, so do not copy it with a spread.
 *
 * @internal
 */
export interface ResolvedTlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: boolean;
}

const KNOWN = ['ca', 'cert', 'key', 'rejectUnauthorized'];
const PEM = /-----BEGIN [A-Z0-9 ]+-----/;

/** Checks the option `tls`; undefined if it is not given. */
export function resolveTlsOptions(
  value: unknown,
  validator: OptionValidator,
): ResolvedTlsOptions | undefined {
  if (value === undefined) return undefined;
  const options = validator.object(value, '', KNOWN);
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => readPem(options[name], name, validator));
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    validator.reject(missing, `is missing, and \`tls.${given}\` is of no use without it.`);
  }
  const rejectUnauthorized = validator.boolean(options.rejectUnauthorized, 'rejectUnauthorized', true);
  return createTls({ ca, cert, key, rejectUnauthorized });
}

/** Puts the parts together so that printing the result does not show the key. */
export function createTls(parts: {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly rejectUnauthorized: boolean;
}): ResolvedTlsOptions {
  const { ca, cert, key, rejectUnauthorized } = parts;
  const tls = { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), rejectUnauthorized };
  return key === undefined ? tls : Object.defineProperty(tls, 'key', { value: key });
}

function readPem(value: unknown, path: string, validator: OptionValidator): string | undefined {
  const text = validator.text(value, path, undefined);
  if (text !== undefined && !PEM.test(text)) {
    validator.reject(
      path,
      'is no PEM text (-----BEGIN …-----). To name a file, use the parameters of the URL.',
    );
  }
  return text;
}

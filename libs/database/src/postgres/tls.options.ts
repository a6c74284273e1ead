import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { DatabaseLocation } from '../config/database-location.js';
import type { OptionValidator } from '../config/option-validator.js';
import { Secret } from '../config/secret.js';
import { parameterPath } from '../config/url-parameters.js';

/**
 * TLS to the database; giving the option, even empty, means that no connection is made without TLS, and that the URL's
 * `sslmode` and files do not count.
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
const PARAMETERS = { ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' } as const;
const CERTIFICATE = /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9 ]+ )?PRIVATE KEY-----/;

type PemName = keyof typeof PARAMETERS;
type PemTexts = Readonly<Partial<Record<PemName, string>>>;

/**
 * The driver's `ssl`: from the option `tls`, otherwise from the parameters of the URL. Files are read here, so that one
 * that is missing is found before anything is started.
 */
export function resolveTls(
  value: unknown,
  location: DatabaseLocation | undefined,
  validator: OptionValidator,
): ResolvedTlsOptions | false {
  const overSocket = location?.url.host.startsWith('/') === true;
  const fromUrl = location === undefined ? false : readParameters(location, validator);
  if (value === undefined) {
    if (overSocket && fromUrl !== false) {
      validator.reject(
        `${location.source}?sslmode`,
        'asks for TLS, which no server speaks on a Unix socket.',
      );
    }
    return fromUrl;
  }
  if (location?.url.parameters.sslMode === 'disable') {
    validator.reject('tls', `contradicts \`sslmode=disable\` of \`${location.source}\`. Give one of them.`);
  }
  if (overSocket) validator.reject('tls', 'is given, but no server speaks TLS on a Unix socket.');
  return readOption(value, validator.nested('tls'));
}

function readOption(value: unknown, validator: OptionValidator): ResolvedTlsOptions {
  const options = validator.object(value, '', KNOWN);
  const texts: PemTexts = Object.fromEntries(
    (['ca', 'cert', 'key'] as const).flatMap((name) => {
      const text = validator.text(options[name], name, undefined);
      return text === undefined ? [] : [[name, text]];
    }),
  );
  const rejectUnauthorized = validator.boolean(options.rejectUnauthorized, 'rejectUnauthorized', true);
  checkTexts(texts, (name) => name, validator);
  return createTls(texts, rejectUnauthorized);
}

function readParameters(
  { url: { parameters }, source }: DatabaseLocation,
  validator: OptionValidator,
): ResolvedTlsOptions | false {
  const { sslMode, sslFiles } = parameters;
  const nameOf = (name: PemName) => parameterPath(source, PARAMETERS[name]);
  const given = (Object.keys(sslFiles) as PemName[]).map(nameOf);
  const [first] = given;
  if (sslMode === 'disable') {
    if (first !== undefined) validator.reject(first, 'contradicts `sslmode=disable`.');
    return false;
  }
  if (sslMode === undefined && first === undefined) return false;
  if (sslMode === 'no-verify' && sslFiles.ca !== undefined) {
    validator.reject(nameOf('ca'), 'is of no use with `sslmode=no-verify`. Choose `sslmode=verify-full`.');
  }
  const texts: PemTexts = Object.fromEntries(
    (Object.entries(sslFiles) as [PemName, string][]).flatMap(([name, path]) => {
      const text = readFile(path, nameOf(name), validator);
      return text === undefined ? [] : [[name, text]];
    }),
  );
  if (Object.keys(texts).length === given.length) checkTexts(texts, nameOf, validator);
  return createTls(texts, sslMode !== 'no-verify');
}

function readFile(path: string, name: string, validator: OptionValidator): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    validator.reject(
      name,
      `names a file that cannot be read (${code}): ${JSON.stringify(path.slice(0, 200))}. A relative path counts from the working directory of the process.`,
    );
    return undefined;
  }
}

/** Finds here what would otherwise fail every connection: a key that is encrypted or belongs to another certificate. */
function checkTexts(texts: PemTexts, nameOf: (name: PemName) => string, validator: OptionValidator): void {
  const before = validator.violations.length;
  for (const name of Object.keys(texts) as PemName[]) {
    const text = texts[name] ?? '';
    const [expected, kind] = name === 'key' ? [PRIVATE_KEY, 'PRIVATE KEY'] : [CERTIFICATE, 'CERTIFICATE'];
    if (!expected.test(text))
      validator.reject(nameOf(name), `is no PEM text with a -----BEGIN ${kind}-----.`);
    else if (name === 'key' && text.includes('ENCRYPTED')) {
      validator.reject(nameOf(name), 'is encrypted. Give the key without a passphrase.');
    }
  }
  if ((texts.cert === undefined) !== (texts.key === undefined)) {
    const missing = texts.cert === undefined ? 'cert' : 'key';
    const present = missing === 'cert' ? 'key' : 'cert';
    validator.reject(
      nameOf(missing),
      `is missing, and \`${validator.nameOf(nameOf(present))}\` is of no use without it.`,
    );
  }
  if (validator.violations.length > before) return;
  if (texts.ca !== undefined) {
    // A secure context takes a `ca` that it cannot read for none.
    const { ca } = texts;
    attempt(() => new X509Certificate(ca), nameOf('ca'), 'cannot be read', validator);
  }
  if (texts.key !== undefined) {
    const { cert, key } = texts;
    const problem = 'cannot be used together with the certificate';
    attempt(() => createSecureContext({ cert, key }), nameOf('key'), problem, validator);
  }
}

/** OpenSSL's messages may repeat what they are about, its codes do not. */
function attempt(use: () => unknown, name: string, problem: string, validator: OptionValidator): void {
  try {
    use();
  } catch (error) {
    const { code = 'no code' } = error as NodeJS.ErrnoException;
    validator.reject(name, `${problem} (${code}).`);
  }
}

/** Printing the result does not show the key: it is behind a getter, and not enumerable. */
function createTls({ ca, cert, key }: PemTexts, rejectUnauthorized: boolean): ResolvedTlsOptions {
  const tls = { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), rejectUnauthorized };
  if (key === undefined) return tls;
  const secret = new Secret(key);
  return Object.defineProperty(tls, 'key', { get: () => secret.reveal() });
}

import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { locateDatabase } from '../config/database-location.js';
import { Environment } from '../config/environment.js';
import { OptionValidator } from '../config/option-validator.js';
import { resolveTls } from './tls.options.js';

const FILES = join(import.meta.dirname, '../../../../test/support/fixtures/tls');
const file = (name: string) => join(FILES, name);
const text = (name: string) => readFileSync(file(name), 'utf8');

function resolve(parameters: string, option?: unknown) {
  const validator = new OptionValidator();
  const url = `postgresql://me@db/shop?${parameters}`;
  const tls = resolveTls(option, locateDatabase(url, new Environment({}), validator), validator);
  return { tls, problems: validator.violations.map(({ path, problem }) => `${path} ${problem}`) };
}

describe('resolveTls', () => {
  it('reads the files of the URL, and hides the key from everybody but the driver', () => {
    const parameters = `sslrootcert=${file('ca.pem')}&sslcert=${file('client.pem')}&sslkey=${file('client.key')}`;
    const { tls, problems } = resolve(parameters);
    expect(problems).toEqual([]);
    expect(tls).toEqual({ ca: text('ca.pem'), cert: text('client.pem'), rejectUnauthorized: true });
    expect(tls).toHaveProperty('key', text('client.key'));
    expect(inspect(tls, { showHidden: true })).not.toContain('PRIVATE KEY');
    // What the driver does with its `ssl`; it throws if the key could be enumerated and the object is frozen.
    expect(Object.defineProperty(Object.freeze(tls), 'key', { enumerable: false })).toBe(tls);
  });

  it.each([
    ['', false],
    ['sslmode=disable', false],
    ['sslmode=no-verify', { rejectUnauthorized: false }],
    ['sslmode=require', { rejectUnauthorized: true }],
    ['sslmode=verify-ca', { rejectUnauthorized: true }],
    ['sslmode=verify-full', { rejectUnauthorized: true }],
  ])('makes of %p what it says', (parameters, expected) => {
    expect(resolve(parameters)).toEqual({ tls: expected, problems: [] });
  });

  it.each([
    [`sslrootcert=${file('none.pem')}`, 'url?sslrootcert names a file that cannot be read (ENOENT)'],
    [`sslrootcert=${FILES}`, 'url?sslrootcert names a file that cannot be read (EISDIR)'],
    [
      `sslrootcert=${file('client.key')}`,
      'url?sslrootcert is no PEM text with a -----BEGIN CERTIFICATE-----.',
    ],
    [`sslcert=${file('client.pem')}`, 'url?sslkey is missing, and `url?sslcert` is of no use without it.'],
    [`sslkey=${file('client.key')}`, 'url?sslcert is missing, and `url?sslkey` is of no use without it.'],
    [
      `sslcert=${file('client.pem')}&sslkey=${file('server.key')}`,
      'url?sslkey cannot be used together with the certificate (ERR_OSSL_X509_KEY_VALUES_MISMATCH).',
    ],
    [`sslmode=disable&sslrootcert=${file('ca.pem')}`, 'url?sslrootcert contradicts `sslmode=disable`.'],
    [
      `sslmode=no-verify&sslrootcert=${file('ca.pem')}`,
      'url?sslrootcert is of no use with `sslmode=no-verify`.',
    ],
  ])('refuses %p', (parameters, problem) => {
    expect(resolve(parameters).problems).toEqual([expect.stringContaining(problem)]);
  });

  it.each<[unknown, string]>([
    [{ ca: '/etc/ssl/ca.pem' }, 'tls.ca is no PEM text'],
    [
      { ca: '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----' },
      'tls.ca cannot be read (ERR_OSSL',
    ],
    [{ key: text('client.key') }, 'tls.cert is missing, and `tls.key` is of no use without it.'],
    [{ rejectUnauthorized: 'no' }, 'tls.rejectUnauthorized is "no", expected true or false.'],
    [{ servername: 'db' }, 'tls.servername is not a known option.'],
    [true, 'tls is of type boolean, expected an object.'],
    [
      {
        cert: text('client.pem'),
        key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----',
      },
      'tls.key is encrypted.',
    ],
  ])('refuses the option %j', (option, problem) => {
    expect(resolve('', option).problems).toEqual([expect.stringContaining(problem)]);
  });
});

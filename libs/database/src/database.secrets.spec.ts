import { describe, expect, it } from '@jest/globals';
import { ConsoleLogger } from '@nestjs/common';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { InvalidOptionsError } from './config/config.errors.js';
import { Secret } from './config/secret.js';
import { resolveDatabaseOptions } from './database.options.js';

class PrismaClient {}
const MARK = 'S3nt1nel';
/** Passwords of all kinds of characters; the mark in them is what nothing may show. */
const passwords = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ maxLength: 12 }))
  .map(([before, after]) => `${before}${MARK}${after}`.replaceAll('\0', ''));

/** The password in every spelling that could end up in an output. */
function spellings(password: string): string[] {
  return [MARK, password, encodeURIComponent(password), Buffer.from(password).toString('base64')];
}

/** Everything that printing a value gives. */
function printed(value: unknown): string {
  const lines: string[] = [];
  class Lines extends ConsoleLogger {
    protected override printMessages(messages: unknown[]): void {
      for (const message of messages)
        lines.push(this.formatMessage('log', message, '', '', '', ''), this.stringifyMessage(message, 'log'));
    }
  }
  const options = { json: false, colors: false } as const;
  new Lines('test', options).log(value);
  return [
    ...lines,
    inspect(value, { depth: Infinity, showHidden: true }),
    JSON.stringify(value),
    String(value),
    JSON.stringify(Object.entries(value as object)),
    inspect({ ...(value as object) }, { depth: Infinity, showHidden: true }),
  ].join('\n');
}

function failureOf(options: object): InvalidOptionsError {
  try {
    resolveDatabaseOptions({ client: PrismaClient, env: false, ...options });
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error;
  }
  throw new Error('The options were accepted.');
}

describe('no output shows a secret', () => {
  it('of the resolved options, wherever the password was given', () => {
    fc.assert(
      fc.property(passwords, (password) => {
        const encoded = encodeURIComponent(password);
        const env = { DATABASE_HOST: 'db', DATABASE_NAME: 'shop', DATABASE_PASSWORD: password };
        const redis = { url: `redis://:${encoded}@cache` };
        for (const options of [
          { url: `postgresql://me:${encoded}@db/shop`, redis, env: false },
          { env, redis },
          { url: 'postgresql://me@db/shop', password: () => password, redis, env: false },
        ]) {
          const resolved = resolveDatabaseOptions({ client: PrismaClient, ...options });
          expect(resolved.password?.()).toBe(password);
          const output = printed(resolved);
          for (const spelling of spellings(password)) expect(output).not.toContain(spelling);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of the error about a URL in which the password was not encoded', () => {
    fc.assert(
      fc.property(
        passwords.filter((password) => /[/?#\s]/.test(password)),
        fc.constantFrom('h/d', 'h:1,i:2/d', 'h/d?sslmode=x', 'h'),
        (password, rest) => {
          const error = failureOf({ url: `postgresql://me:${password}@${rest}` });
          const output = `${printed(error)}\n${error.message}\n${error.stack ?? ''}\n${inspect(error.cause)}`;
          for (const spelling of spellings(password)) expect(output).not.toContain(spelling);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a wrong password option', { password: MARK }],
    ['a Redis URL of another scheme', { redis: { url: `http://:${MARK}@h` } }],
    ['a Redis URL with parameters', { redis: { url: `redis://h/0?password=${MARK}` } }],
    ['a key that is no PEM', { tls: { cert: MARK, key: MARK } }],
    [
      'a key under the wrong name',
      { tls: { ca: `-----BEGIN PRIVATE KEY-----\n${MARK}\n-----END PRIVATE KEY-----` } },
    ],
    ['passwords in two places', { url: `postgresql://me:${MARK}@db/shop`, password: () => MARK }],
    [
      'two different passwords',
      {
        url: undefined,
        env: { DATABASE_URL: `postgresql://me:${MARK}@db/shop`, DATABASE_PASSWORD: `${MARK}2` },
      },
    ],
  ])('of the error about %s', (_, options) => {
    const error = failureOf({ url: 'postgresql://me@db/shop', ...options });
    expect(`${printed(error)}\n${error.stack ?? ''}`).not.toContain(MARK);
  });
});

describe('Secret', () => {
  it('gives its text to the one who asks for it, and to nobody else', () => {
    const secret = new Secret(MARK);
    expect(secret.reveal()).toBe(MARK);
    expect(`${String(secret)}${JSON.stringify({ secret })}${inspect([secret], { showHidden: true })}`).toBe(
      '[secret]{"secret":"[secret]"}[ [secret], [length]: 1 ]',
    );
    expect(inspect(structuredClone({ secret }))).not.toContain(MARK);
  });
});

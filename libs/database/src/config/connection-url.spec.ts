import { describe, expect, it } from '@jest/globals';
import { parsePostgresUrl } from './connection-url.js';
import { OptionValidator } from './option-validator.js';

function parse(url: string) {
  const validator = new OptionValidator();
  return { url: parsePostgresUrl(url, 'DATABASE_URL', validator), problems: validator.violations };
}

describe('parsePostgresUrl', () => {
  it('decodes user, password and database and keeps the parameters it knows', () => {
    const { url, problems } = parse(
      'postgresql://me%40home:p%2Fw%25@db:6543/my%20shop?schema=tenant1&connection_limit=7&pgbouncer=true',
    );
    expect(problems).toEqual([]);
    expect(url?.password?.reveal()).toBe('p/w%');
    expect(url).toMatchObject({
      host: 'db',
      port: 6543,
      user: 'me@home',
      database: 'my shop',
      schema: 'tenant1',
      parameters: { numbers: { connection_limit: '7' }, pgbouncer: true, notes: [] },
    });
  });

  it('takes the brackets off an IPv6 host and 5432 as the port', () => {
    expect(parse('postgres://u@[::1]/d').url).toMatchObject({ host: '::1', port: 5432, password: undefined });
  });

  it.each([
    'postgresql:///d?host=/run/postgresql',
    'postgresql://u:p@localhost/d?host=/run/postgresql',
    'postgresql://u:p@%2Frun%2Fpostgresql/d',
  ])('takes the directory of a Unix socket from %p', (text) => {
    expect(parse(text).url?.host).toBe('/run/postgresql');
  });

  it('ignores white space around the URL, which files of secrets end with', () => {
    expect(parse(' postgres://u@h/d\n').url?.database).toBe('d');
  });

  it('says that a parameter is ignored instead of ignoring it silently', () => {
    expect(parse('postgres://u@h/d?statement_cache_size=0').url?.parameters.notes).toEqual([
      '`DATABASE_URL?statement_cache_size` is ignored: no statement cache is kept on the server.',
    ]);
  });

  it.each([
    ['not a url', 'is not a URL'],
    ['h/s3cret', 'is not a URL'],
    ['postgresql://u:s3cret@h:port/d', 'is not a URL'],
    ['mysql://u:s3cret@h/d', 'starts with "mysql://"'],
    ['prisma+postgres://h/?api_key=s3cret', 'starts with "prisma+postgres://"'],
    ['file:./s3cret.db', 'Only PostgreSQL is supported'],
    ['postgresql://u:s3cret@h', 'names no database'],
    ['postgresql:///d', 'names no host'],
    ['postgresql://u:s3cret@h:0/d', 'names port 0'],
    ['postgresql://u:s3cret%zz@h/d', 'holds a "%"'],
    ['postgresql://u:s3cret%00@h/d', 'holds a zero byte'],
    ['postgresql://u:s3c ret@h/d', 'holds a space'],
    ['postgresql://u:1/s3cret@h/d', 'Percent-encode'],
    ['postgresql://u:1?s3cret@h/d', 'Percent-encode'],
    ['postgresql://u:1#s3cret@h/d', 'Percent-encode'],
    ['postgresql://u:s3cret@ss/w@h/d', 'Percent-encode'],
    ['postgresql://u:s3cret@a,b/d', 'names several hosts'],
    ['postgresql://u:s3cret@a:1,b:2/d', 'names several hosts'],
    ['postgresql://u:s3cret@h/d/e', 'has a "/"'],
    ['postgresql://u:s3cret@h/d?sslmodus=x', 'unknown parameter "sslmodus"'],
    ['postgresql://u/d?s3cret%40h', 'an unknown parameter.'],
    ['postgresql://u:s3cret@h/d?sslaccept=strict', 'use `sslmode=verify-full` or `sslmode=no-verify`'],
    ['postgresql://u:s3cret@h/d?channel_binding=require', 'leave it out'],
    ['postgresql://u:s3cret@h/d?sslmode=require&sslmode=disable', 'gives the parameter "sslmode" twice'],
    ['postgresql://u:s3cret@h/d?sslmode=prefer', 'disable, no-verify, require, verify-ca, verify-full'],
    ['postgresql://u:s3cret@h/d?pgbouncer=yes', 'expected one of: true, false'],
    ['postgresql://u:s3cret@h/d?host=other', 'is no absolute path'],
  ])('explains what is wrong with %p without repeating the password', (text, problem) => {
    const { problems } = parse(text);
    expect(problems.map((entry) => entry.problem)).toEqual([expect.stringContaining(problem)]);
    expect(JSON.stringify(problems)).not.toMatch(/s3c ?ret/);
  });

  it.each(['__proto__', 'constructor', 'toString'])('knows no parameter %p', (name) => {
    expect(parse(`postgresql://h/d?${name}=1`).problems).toHaveLength(1);
  });
});

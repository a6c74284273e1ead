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
      'postgresql://me%40home:p%2Fw%25@db:6543/my%20shop?schema=tenant1&connection_limit=7',
    );
    expect(problems).toEqual([]);
    expect(url?.password?.reveal()).toBe('p/w%');
    expect(url).toMatchObject({
      host: 'db',
      port: 6543,
      user: 'me@home',
      database: 'my shop',
      schema: 'tenant1',
      connectionLimit: 7,
    });
  });

  it('takes the brackets off an IPv6 host and 5432 as the port', () => {
    expect(parse('postgres://u@[::1]/d').url).toMatchObject({ host: '::1', port: 5432, password: undefined });
  });

  it.each([
    ['not a url', 'is not a URL'],
    ['mysql://u:s3cret@h/d', 'starts with "mysql://"'],
    ['postgresql://u:s3cret@h', 'names no database'],
    ['postgresql://u:s3cret%zz@h/d', 'holds a "%"'],
    ['postgresql://u:s3cret@h/d?sslmodus=x', 'unknown parameter "sslmodus"'],
    ['postgresql://u:s3cret@h/d?schema=a;b', 'no plain identifier'],
    ['postgresql://u:s3cret@h/d?connection_limit=many', 'no integer in [1, 1000]'],
  ])('explains what is wrong with %p without repeating the password', (text, problem) => {
    const { problems } = parse(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.problem).toContain(problem);
    expect(JSON.stringify(problems)).not.toContain('s3cret');
  });
});

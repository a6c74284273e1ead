import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from '@jest/globals';
import { POOL_CHANNELS } from '../postgres/pool.events.js';
import { fingerprint, normaliseSql } from './fingerprint.js';
import { escapeLogText } from './log-text.js';
import type { ResolvedLoggingOptions } from './logging.options.js';
import { describeParameters } from './parameter-text.js';
import { QueryLog } from './query-log.js';

const queries = channel(POOL_CHANNELS.query);
const open: QueryLog[] = [];
afterEach(() => {
  for (const log of open.splice(0)) log.close();
});

function listen(options: Partial<ResolvedLoggingOptions> = {}, connection = 'default', owner?: object) {
  const lines: string[] = [];
  const write = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const log = new QueryLog({
    connection,
    owner: owner ?? OWNER,
    options: { mode: 'production', slowQueryMs: 1_000, parameters: 'redacted', ...options },
    sink: { debug: write('debug'), warn: write('warn'), error: write('error') },
    requestId: () => 'request-1',
  });
  open.push(log);
  log.open();
  return lines;
}

const OWNER = {};
const SQL = 'SELECT * FROM customer WHERE email = $1 AND password = $2';

function publish(event: object = {}): void {
  queries.publish({
    connection: 'default',
    source: OWNER,
    sql: SQL,
    parameters: ['ada@example.com', 'hunter2'],
    durationMs: 5,
    ...event,
  });
}

describe('QueryLog', () => {
  it('writes every query in development, with types instead of values, request id and call site', () => {
    const lines = listen({ mode: 'development' });
    publish();
    expect(lines).toEqual([
      expect.stringMatching(
        /^debug Query 5 ms request=request-1 (at=\S+ )?SELECT \* FROM customer WHERE email = \$1 AND password = \$2 \[text\(15\), text\(7\)\]$/,
      ),
    ]);
  });

  it('shows values where that is asked for, and still none of a column that looks like a secret', () => {
    const lines = listen({ mode: 'development', parameters: 'shown' });
    publish();
    expect(lines[0]).toContain("['ada@example.com', text(7)]");
  });

  it('is silent in production but for slow queries and failures, and shows no value of those', () => {
    const lines = listen();
    publish();
    expect(lines).toEqual([]);
    const sql = "SELECT 1 FROM t WHERE secret = 'hunter2'";
    publish({ sql, durationMs: 1_234.56 });
    const failure = Object.assign(new Error('invalid input syntax: "hunter2"'), { code: '22P02' });
    publish({ sql, error: failure });
    publish({ sql, error: new TypeError('hunter2') });
    expect(lines).toEqual([
      expect.stringMatching(
        /^warn Slow query 1234\.6 ms request=request-1 fingerprint=[\da-f]{12} SELECT \? FROM t WHERE secret = \?$/,
      ),
      expect.stringMatching(/^warn Query failed \(22P02\) 5 ms .* secret = \?$/),
      expect.stringMatching(/^error Query failed \(TypeError\) /),
    ]);
    expect(lines.join()).not.toContain('hunter2');
  });

  it.each([
    ['a text', "SELECT 'hunter2', $1", 'SELECT ?, $1'],
    ['a text with a doubled quote', "SELECT 'it''s hunter2', $1", 'SELECT ?, $1'],
    ['an E text with an escaped quote', String.raw`SELECT E'it\'s hunter2', $1`, 'SELECT ?, $1'],
    ['an e text that ends in a backslash', String.raw`SELECT e'x\\', 'hunter2', $1`, 'SELECT ?, ?, $1'],
    ['an E text that goes on in the next line', `SELECT E'x'\n  'it\\'s hunter2', $1`, 'SELECT ?, $1'],
    ['a text without an end', "SELECT $1, 'hunter2", 'SELECT $1, ?'],
    ['a text of bits', "SELECT x'hunter2', $1", 'SELECT ?, $1'],
    ['a text in dollars', "SELECT $$it's hunter2$$, $1", 'SELECT ?, $1'],
    ['a text in dollars with a tag', "SELECT $a$ $b$ ' $$ hunter2 $a$, $1", 'SELECT ?, $1'],
    ['a text after a name with dollars', "SELECT a$b$, 'x $b$ hunter2', $1", 'SELECT a$b$, ?, $1'],
    ['a comment of a line', "SELECT $1 -- it's hunter2\n, 'x'", 'SELECT $1 , ?'],
    ['a comment', "SELECT $1 /* it's hunter2 */, 'x'", 'SELECT $1 , ?'],
    ['a comment in a comment', "SELECT $1 /* a /* b */ hunter2 ' */, 'x'", 'SELECT $1 , ?'],
    ['a comment without an end', 'SELECT $1 /* a /* b */ hunter2', 'SELECT $1'],
    ['a number', 'SELECT a1 FROM t2 WHERE b = 4111111111111111 AND c = $1', 'SELECT a1 FROM t2 WHERE b = ? AND c = $1'],
    ['numbers of other shapes', 'SELECT -1.5e-30, .4111, 0x4111, 4_111, 4111x, $1', 'SELECT -?, ?, ?, ?, ?, $1'],
    ['no name', `SELECT "it's", "a1" FROM "E" WHERE "x" = $12`, `SELECT "it's", "a1" FROM "E" WHERE "x" = $12`],
  ])('shows nothing of %s in a statement, in either mode', (_, sql, shown) => {
    const lines = listen({ mode: 'development' });
    publish({ sql, parameters: [] });
    publish({ sql, parameters: [], durationMs: 2_000 });
    expect(lines[0]?.endsWith(`${shown} []`)).toBe(true);
    expect(lines[1]?.endsWith(` ${shown.replace(/\$\d+(?![\w$])/g, '?')}`)).toBe(true);
    expect(lines.join('\n')).not.toMatch(/hunter2|411/);
  }); // prettier-ignore

  it('takes no query for slow where the limit is 0', () => {
    const lines = listen({ slowQueryMs: 0 });
    publish({ durationMs: 60_000 });
    expect(lines).toEqual([]);
  });

  it('listens to its own connection of its own application only', () => {
    const lines = listen({ mode: 'development' });
    const other = listen({ mode: 'development' }, 'default', {});
    const billing = listen({ mode: 'development' }, 'billing');
    publish();
    expect([lines.length, other.length, billing.length]).toEqual([1, 0, 0]);
  });

  it('costs nothing while it is off, and nothing after it was closed', () => {
    listen({ mode: 'off' });
    expect(queries.hasSubscribers).toBe(false);
    listen();
    expect(queries.hasSubscribers).toBe(true);
    open.at(-1)?.close();
    expect(queries.hasSubscribers).toBe(false);
  });

  it('cannot be made to forge a line', () => {
    const lines = listen({ mode: 'development', parameters: 'shown' });
    publish({ sql: 'SELECT $1\n-- \u001b[2J', parameters: ['x\r\nERROR all is lost\u001b[31m\u202e'] });
    // eslint-disable-next-line no-control-regex -- control characters are what it is about
    expect(lines[0]).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});

describe('fingerprint', () => {
  const of = (sql: string) => fingerprint(normaliseSql(sql));

  it.each([
    ['SELECT a FROM t WHERE b = 1', "select a  from t\n where b = 'x'"],
    ['SELECT a FROM t WHERE b IN ($1, $2)', 'SELECT a FROM t WHERE b IN ($1,$2,$3, $4)'],
    ['SELECT a FROM t WHERE b IN ($1)', 'SELECT a FROM t WHERE b IN (1, 2)'],
    ['INSERT INTO t (a, b) VALUES ($1, $2)', 'INSERT INTO t (a, b) VALUES ($1,$2), ($3,$4), ($5,$6)'],
    ["SELECT 'it''s' -- why", "SELECT E'a\\'b' /* because */"],
    ['SELECT $tag$ text $tag$', "SELECT ''"],
    ['SELECT 1.5e3', 'SELECT 0x1F'],
    ['SELECT 1 /* a /* b */ c */', 'SELECT 2'],
  ])('is the same for %s and %s', (one, other) => {
    expect(of(one)).toBe(of(other));
  });

  it.each([
    ['SELECT a FROM t1', 'SELECT a FROM t2'],
    ['SELECT a FROM t', 'SELECT b FROM t'],
    ['SELECT "A" FROM t', 'SELECT "B" FROM t'],
  ])('tells %s from %s', (one, other) => {
    expect(of(one)).not.toBe(of(other));
  });

  it('takes time in proportion to the text', () => {
    const started = process.cpuUsage();
    for (const text of [
      "'".repeat(200_000),
      '('.repeat(200_000),
      '$'.repeat(200_000),
      '/*'.repeat(100_000),
      "E'\n".repeat(60_000),
      '1e'.repeat(100_000),
    ])
      of(text);
    // Time in proportion to the square of it would be minutes.
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(5_000);
  });
});

describe('describeParameters', () => {
  it.each([
    ['INSERT INTO "u" ("name", "api_key") VALUES ($1,$2)', ['ada', 'k'], "['ada', text(1)]"],
    ['UPDATE u SET name = $1, token = $2', ['ada', 't'], "['ada', text(1)]"],
    ['SELECT check_password($1)', ['hunter2'], '[text(7)]'],
    ['SELECT $1', ['postgres://u:p@h/d'], '[text(18)]'],
    ['SELECT $1, $2, $3', [1, null, new Date(0)], '[1, null, 1970-01-01T00:00:00.000Z]'],
    ['SELECT $1', [Buffer.from('abc')], '[bytes(3)]'],
  ])('shows of %s with %j what is no secret', (sql, parameters, expected) => {
    expect(describeParameters(sql, parameters, 'shown')).toBe(expected);
  });
});

describe('escapeLogText', () => {
  it('keeps a text on its line and says how much of a long one is missing', () => {
    expect(escapeLogText('a\r\nb\u001b[31m')).toBe('a\\r\\nb\\u001b[31m');
    expect(escapeLogText('x'.repeat(30), 10)).toBe('xxxxxxxxxx… (30 characters)');
  });
});

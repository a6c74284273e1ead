import { createHash } from 'node:crypto';

/**
 * What the server's scanner takes for one piece, in this order: comments, texts in each of its quotes, quoted names,
 * parameters, names, numbers, blanks. A name is a piece of its own, so that neither its digits are taken for a number
 * nor its `$` for a quote. An `E` text may go on in the next line, with the same escapes.
 */
const TOKENS =
  /--[^\r\n]*|\/\*|[eE]'(?:[^'\\]|\\[\s\S]|'')*'?(?:[^\S\r\n]*[\r\n]\s*'(?:[^'\\]|\\[\s\S]|'')*'?)*|[bBxXnN]?'(?:[^']|'')*'?|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\1\$|$)|"(?:[^"]|"")*"|\$\d+|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\.?\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\s+/g;
const COMMENT_EDGE = /\/\*|\*\//g;
const LIST = /\(\s*\?(?:\s*,\s*\?)+\s*\)/g;
const ROWS = /(\((?:\?|\?…)\))(?:\s*,\s*\((?:\?|\?…)\))+/g;
/** Enough to tell two statements apart; what is longer is a list of values. */
const MAX_LENGTH = 20_000;

/** The statement on one line, without comments and with `?` for each literal; the parameters keep their numbers. */
export function redactSql(sql: string): string {
  return mapTokens(sql, (token) => (/^\$\d/.test(token) ? token : '?'));
}

/** The statement without comments, literals, the length of its lists and the shape of its blanks. */
export function normaliseSql(sql: string): string {
  return mapTokens(sql, () => '?')
    .replace(LIST, '(?…)')
    .replace(/\(\s*\?\s*\)/g, '(?)')
    .replace(/\bIN \((\?|\?…)\)/gi, 'IN (?…)')
    .replace(ROWS, '$1')
    .trim();
}

/** Keeps names and operators, puts a blank for comments and blanks, and asks `show` for parameters and literals. */
function mapTokens(text: string, show: (token: string) => string): string {
  const sql = text.slice(0, MAX_LENGTH);
  const tokens = new RegExp(TOKENS);
  let result = '';
  let position = 0;
  for (let match = tokens.exec(sql); match !== null; match = tokens.exec(sql)) {
    const [token] = match;
    result += sql.slice(position, match.index);
    if (token === '/*') tokens.lastIndex = endOfComment(sql, match.index);
    position = tokens.lastIndex;
    if (/^(--|\/\*|\s)/.test(token)) result += ' ';
    else result += isName(token) ? token : show(token);
  }
  return (result + sql.slice(position)).replace(/\s+/g, ' ').trim();
}

/** Comments of PostgreSQL nest, which a regular expression cannot follow. */
function endOfComment(sql: string, start: number): number {
  const edges = new RegExp(COMMENT_EDGE);
  edges.lastIndex = start;
  let depth = 0;
  for (let edge = edges.exec(sql); edge !== null; edge = edges.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return edges.lastIndex;
  }
  return sql.length;
}

/** A name in quotes or without; `E'…'` and its like begin with a letter and are texts. */
function isName(token: string): boolean {
  return token.startsWith('"') || (/^[A-Za-z_\u0080-\uffff]/.test(token) && !token.includes("'"));
}

/** Twelve characters that are the same for all executions of one statement, whatever its values. */
export function fingerprint(normalised: string): string {
  return createHash('sha256').update(normalised.toLowerCase()).digest('hex').slice(0, 12);
}

import { createHash } from 'node:crypto';

/** Comments, texts in each of PostgreSQL's quotes, quoted names, parameters, numbers, blanks; in this order. */
const TOKENS =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'?|(?:\b[bBxXnN])?'(?:[^']|'')*'?|\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\1\$|$)|"(?:[^"]|"")*"|\$\d+|(?<![\w.])(?:0[xX][\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?!\w)|\s+/g;
const LIST = /\(\s*\?(?:\s*,\s*\?)+\s*\)/g;
const ROWS = /(\((?:\?|\?…)\))(?:\s*,\s*\((?:\?|\?…)\))+/g;
/** Enough to tell two statements apart; what is longer is a list of values. */
const MAX_LENGTH = 20_000;

/** The statement without comments, literals, the length of its lists and the shape of its blanks. */
export function normaliseSql(sql: string): string {
  return sql
    .slice(0, MAX_LENGTH)
    .replace(TOKENS, (token) => {
      if (token.startsWith('"')) return token;
      return /^(--|\/\*|\s)/.test(token) ? ' ' : '?';
    })
    .replace(/\s+/g, ' ')
    .replace(LIST, '(?…)')
    .replace(/\(\s*\?\s*\)/g, '(?)')
    .replace(/\bIN \((\?|\?…)\)/gi, 'IN (?…)')
    .replace(ROWS, '$1')
    .trim();
}

/** Twelve characters that are the same for all executions of one statement, whatever its values. */
export function fingerprint(normalised: string): string {
  return createHash('sha256').update(normalised.toLowerCase()).digest('hex').slice(0, 12);
}

/** Names that promise a secret, as a part of a column's name. */
const SECRET_NAME =
  /pass(word|wd|phrase|code)?|pwd|secret|token|api_?key|private|credential|auth|session|cookie|salt|hash|otp|pin\b|iban|card|cvv|cvc|ssn/i;
/** Values that are secrets whatever they are called: URLs with a password, JSON web tokens, keys in PEM. */
const SECRET_VALUE = /:\/\/[^/\s:@]*:[^/\s@]+@|^eyJ[\w-]+\.[\w-]+\.|-----BEGIN /;
const MAX_VALUE_LENGTH = 100;
const MAX_PARAMETERS = 50;
/** What comes later in a longer statement is more of the same. */
const MAX_SQL_LENGTH = 20_000;

/** `"name" = $1`, `name LIKE $1`, `name IN ($1, $2)`; the last name before the operator counts. */
const COMPARED =
  /"?([A-Za-z_]\w*)"?\s*(?:=|<>|!=|<=?|>=?|~~?\*?|\bI?LIKE\b|\bIN\b)\s*(?:ANY\s*)?\(?\s*((?:\$\d+(?:::\w+)?\s*,?\s*)+)/gi;
const INSERTED = /\bINSERT\s+INTO\s+[^(]+\(([^)]*)\)\s*VALUES\s*([\s\S]*)/i;

/**
 * The parameters of a statement as a log may show them.
 *
 * `redacted` gives types and lengths. `shown` gives values, except where the column looks like a secret, the value
 * does, or the statement names a secret and it is not clear which parameter it is.
 */
export function describeParameters(
  sql: string,
  parameters: readonly unknown[],
  mode: 'redacted' | 'shown',
): string {
  const columns = mode === 'shown' ? columnsOf(sql.slice(0, MAX_SQL_LENGTH)) : undefined;
  const doubtful = columns !== undefined && SECRET_NAME.test(sql);
  const texts = parameters.slice(0, MAX_PARAMETERS).map((value, index) => {
    if (columns === undefined) return describeType(value);
    const column = columns.get(index + 1);
    const secret = column === undefined ? doubtful : SECRET_NAME.test(column);
    return secret ? describeType(value) : describeValue(value);
  });
  const more = parameters.length - texts.length;
  return `[${texts.join(', ')}${more > 0 ? `, … ${more} more` : ''}]`;
}

function describeType(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return `text(${value.length})`;
  if (Buffer.isBuffer(value)) return `bytes(${value.length})`;
  if (Array.isArray(value)) return `array(${value.length})`;
  if (value instanceof Date) return 'date';
  return typeof value;
}

function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    if (SECRET_VALUE.test(value)) return describeType(value);
    const cut = value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH)}…` : value;
    return `'${cut}'`;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  // What is inside of arrays, JSON and bytes has names of its own.
  return describeType(value);
}

/** Which column each parameter belongs to, as far as the text tells. */
function columnsOf(sql: string): ReadonlyMap<number, string> {
  const columns = new Map<number, string>();
  for (const [, column = '', list = ''] of sql.matchAll(COMPARED)) {
    for (const parameter of parametersIn(list)) columns.set(parameter, column);
  }
  const [, names = '', rows = ''] = INSERTED.exec(sql) ?? [];
  const inserted = names.split(',').map((name) => name.trim().replaceAll('"', ''));
  for (const [, row = ''] of rows.matchAll(/\(([^()]*)\)/g)) {
    const values = row.split(',');
    // Anything but one value for each column is an expression, whose commas are not ours to count.
    if (values.length !== inserted.length) continue;
    values.forEach((value, index) => {
      for (const parameter of parametersIn(value)) columns.set(parameter, inserted[index] ?? '');
    });
  }
  return columns;
}

function parametersIn(text: string): number[] {
  return [...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));
}

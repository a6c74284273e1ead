import type pg from 'pg';

/**
 * A statement that travels in front of another one, under the same Sync: where it fails, the other one is not carried out,
 * and it costs no round trip of its own.
 *
 * With a Sync of its own, a BEGIN that fails would let the statement behind it commit by itself.
 */
export interface LeadingStatement {
  readonly text: string;
  /** As PostgreSQL's texts; null is NULL. */
  readonly values?: readonly (string | null)[];
  /** Gets the first column of its row, as PostgreSQL's text. */
  readonly onValue?: (value: string | null) => void;
  /** Its messages, where they are known already. */
  readonly bytes?: Buffer;
}

/** By their text; there are as many as there are ways to begin a transaction. */
const constants = new Map<string, LeadingStatement>();

/** A statement that is the same each time; its messages are made once. */
export function constant(text: string): LeadingStatement {
  let statement = constants.get(text);
  if (statement === undefined) {
    statement = { text, bytes: messagesOf({ text }) };
    constants.set(text, statement);
  }
  return statement;
}

/** Writes the leading statements of a query, then the query itself, in one piece. */
export function sendTogether(
  connection: pg.Connection,
  leading: readonly LeadingStatement[],
  send: () => unknown,
): unknown {
  const { stream } = connection;
  stream.cork();
  try {
    for (const statement of leading) stream.write(statement.bytes ?? messagesOf(statement));
    return send();
  } finally {
    stream.uncork();
  }
}

/** Forgets what the session knows by this name, if anything. */
export function closeNamed(name: string): Buffer {
  return message('C', Buffer.from(`S${name}\0`));
}

/** Has the session know a statement by this name, which it must not know yet. */
export function parseNamed(name: string, text: string): Buffer {
  return message('P', Buffer.from(`${name}\0${text}\0`), int16(0));
}

/** Bind and Execute, not described, as what comes back is either nothing or one text. */
export function executeNamed(name: string, values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? -1 : Buffer.byteLength(value)));
  const texts = lengths.reduce((sum, length) => sum + 4 + Math.max(0, length), 0);
  const bindLength = 4 + 1 + Buffer.byteLength(name) + 1 + 2 + 2 + texts + 2;
  // One buffer for both, as this is sent with every step of a saga.
  const bytes = Buffer.allocUnsafe(1 + bindLength + EXECUTE.length);
  let at = bytes.write('B', 0);
  at = bytes.writeInt32BE(bindLength, at);
  at += bytes.write(`\0${name}\0`, at);
  at = bytes.writeInt16BE(0, at);
  at = bytes.writeInt16BE(values.length, at);
  for (const [index, value] of values.entries()) {
    at = bytes.writeInt32BE(lengths[index]!, at);
    if (value !== null) at += bytes.write(value, at);
  }
  at = bytes.writeInt16BE(0, at);
  EXECUTE.copy(bytes, at);
  return bytes;
}

/**
 * Parse, Bind and Execute of a statement without a name, which lives until the next one.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
function messagesOf({ text, values = [] }: LeadingStatement): Buffer {
  return Buffer.concat([parseNamed('', text), executeNamed('', values)]);
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(type), int32(length), ...parts]);
}

/** Of the portal without a name, all its rows. */
const EXECUTE = message('E', Buffer.from('\0'), int32(0));

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

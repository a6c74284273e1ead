import { converse, type Dialogue, DialogueBrokenError } from './loopback-dialogue.js';
import { ScramClient } from './scram.js';

/** The superuser of every embedded server. */
export const POSTGRES_USER = 'postgres';

/** The database that exists in every cluster. */
export const MAINTENANCE_DATABASE = 'postgres';

/**
 * What a PostgreSQL server answered: it let us in and proved to know our password (`welcome`), it starts or stops
 * (`busy`), it does not know our password (`stranger`), or nobody answered in PostgreSQL's protocol (`silence`).
 */
export type Greeting = 'welcome' | 'busy' | 'stranger' | 'silence';

interface Message {
  readonly type: string;
  readonly body: Buffer;
}

const PROTOCOL_3 = 196_608;
const AUTH = { ok: 0, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;
const MECHANISM = 'SCRAM-SHA-256';
const MAX_MESSAGE_BYTES = 65_536;
const CANNOT_CONNECT_NOW = '57P03';
const TOO_MANY_CONNECTIONS = '53300';
const STATEMENT_TIMEOUT_MS = 30_000;

/** Knocks at the server on the port. */
export async function greetPostgres(port: number, password: string): Promise<Greeting> {
  try {
    return await converse(port, (dialogue) => authenticate(dialogue, password));
  } catch (error) {
    if (error instanceof DialogueBrokenError) return 'silence';
    throw error;
  }
}

/** Runs one statement as superuser; resolves with the number of rows and the SQLSTATE of a failure. */
export async function runStatement(
  port: number,
  password: string,
  sql: string,
): Promise<{ rows: number; sqlState?: string }> {
  return converse(
    port,
    async (dialogue) => {
      const greeting = await authenticate(dialogue, password);
      if (greeting !== 'welcome') throw new DialogueBrokenError('closed');
      dialogue.send(frame('Q', `${sql}\0`));
      let rows = 0;
      let sqlState: string | undefined;
      for (;;) {
        const { type, body } = await receive(dialogue);
        if (type === 'D') rows++;
        else if (type === 'E') sqlState = sqlStateOf(body);
        else if (type === 'Z') return sqlState === undefined ? { rows } : { rows, sqlState };
      }
    },
    STATEMENT_TIMEOUT_MS,
  );
}

/** Returns `welcome` once the server waits for the first statement. */
async function authenticate(dialogue: Dialogue, password: string): Promise<Greeting> {
  const scram = new ScramClient(password);
  dialogue.send(startupMessage());
  let proven = false;
  for (;;) {
    const { type, body } = await receive(dialogue);
    if (type === 'E') return greetingOf(sqlStateOf(body));
    if (type === 'Z') return proven ? 'welcome' : 'stranger';
    if (type !== 'R') continue;
    const text = body.toString('utf8', 4);
    switch (body.readInt32BE(0)) {
      case AUTH.ok:
        break;
      case AUTH.sasl: {
        const first = Buffer.from(scram.firstMessage);
        const length = Buffer.alloc(4);
        length.writeInt32BE(first.length);
        dialogue.send(frame('p', Buffer.concat([Buffer.from(`${MECHANISM}\0`), length, first])));
        break;
      }
      case AUTH.saslContinue: {
        const final = scram.finalMessage(text);
        if (final === null) return 'stranger';
        dialogue.send(frame('p', final));
        break;
      }
      case AUTH.saslFinal:
        proven = scram.accepts(text);
        break;
      default:
        return 'stranger';
    }
  }
}

function greetingOf(sqlState: string): Greeting {
  return sqlState === CANNOT_CONNECT_NOW || sqlState === TOO_MANY_CONNECTIONS ? 'busy' : 'stranger';
}

function startupMessage(): Buffer {
  const parameters = Buffer.from(
    `user\0${POSTGRES_USER}\0database\0${MAINTENANCE_DATABASE}\0application_name\0nestjs-database embedded\0\0`,
  );
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + parameters.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, parameters]);
}

function frame(type: string, body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(4 + bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

async function receive(dialogue: Dialogue): Promise<Message> {
  const head = await dialogue.read(5);
  const length = head.readInt32BE(1) - 4;
  // Not PostgreSQL: what it sent makes no sense as a length.
  if (length < 0 || length > MAX_MESSAGE_BYTES) throw new DialogueBrokenError('closed');
  return { type: head.toString('latin1', 0, 1), body: await dialogue.read(length) };
}

/** An error is a list of fields, each a letter and a text; `C` is the SQLSTATE. */
function sqlStateOf(body: Buffer): string {
  const field = body
    .toString('utf8')
    .split('\0')
    .find((part) => part.startsWith('C'));
  return field?.slice(1) ?? '';
}

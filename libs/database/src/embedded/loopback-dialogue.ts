import { connect } from 'node:net';
import { LOOPBACK } from './loopback-port.js';

const TIMEOUT_MS = 2_000;

/** A connection to a server on this machine that is read in pieces of known length, for a few short messages. */
export interface Dialogue {
  send(data: Buffer | string): void;
  /** The next `length` bytes. */
  read(length: number): Promise<Buffer>;
}

/** Nobody listens on the port (`refused`), or who does ended the dialogue (`closed`) or kept silent (`timeout`). */
export class DialogueBrokenError extends Error {
  override readonly name = 'DialogueBrokenError';

  constructor(
    readonly reason: 'refused' | 'closed' | 'timeout',
    options?: ErrorOptions,
  ) {
    super(`The dialogue was not finished (${reason}).`, options);
  }
}

/**
 * Talks to whoever listens on the port, and hangs up.
 *
 * @throws {DialogueBrokenError}
 */
export async function converse<T>(
  port: number,
  talk: (dialogue: Dialogue) => Promise<T>,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const socket = connect({ host: LOOPBACK, port, noDelay: true });
  socket.unref();
  let state: DialogueBrokenError['reason'] = 'refused';
  socket.once('connect', () => (state = 'closed'));
  const timer = setTimeout(() => {
    state = 'timeout';
    socket.destroy();
  }, timeoutMs).unref();
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  let received = Buffer.alloc(0);
  const read = async (length: number): Promise<Buffer> => {
    while (received.length < length) {
      const chunk = await chunks.next().catch((cause: unknown) => {
        throw new DialogueBrokenError(state, { cause });
      });
      if (chunk.done === true) throw new DialogueBrokenError(state);
      received = Buffer.concat([received, chunk.value]);
    }
    const piece = received.subarray(0, length);
    received = received.subarray(length);
    return piece;
  };
  try {
    return await talk({ send: (data) => void socket.write(data), read });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/**
 * One message of PostgreSQL's protocol 3. `type` is its letter; `startup` for the untyped messages a client begins
 * with, `byte` for the answer to a request for encryption, `raw` for bytes that are not read any more.
 */
export interface Frame {
  readonly type: string;
  readonly bytes: Buffer;
}

/** How the next bytes are to be read. */
export type FrameMode = 'startup' | 'typed' | 'byte' | 'raw';

export const SSL_REQUEST = 80_877_103;
export const GSS_REQUEST = 80_877_104;
export const CANCEL_REQUEST = 80_877_102;

const LENGTH_BYTES = 4;

/** Cuts a stream of bytes into messages; a long message is put together once, when it is complete. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private length = 0;

  constructor(public mode: FrameMode) {}

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  /** The next complete message. */
  next(): Frame | undefined {
    if (this.length === 0) return undefined;
    if (this.mode === 'raw') return { type: 'raw', bytes: this.take(this.length) };
    if (this.mode === 'byte') return { type: 'byte', bytes: this.take(1) };
    const typeBytes = this.mode === 'typed' ? 1 : 0;
    if (this.length < typeBytes + LENGTH_BYTES) return undefined;
    const size = typeBytes + this.peek(typeBytes + LENGTH_BYTES).readUInt32BE(typeBytes);
    if (this.length < size) return undefined;
    const bytes = this.take(size);
    return { type: typeBytes === 0 ? 'startup' : String.fromCharCode(bytes[0] ?? 0), bytes };
  }

  /** What has come in of a message that is not complete. */
  rest(): Buffer {
    return this.take(this.length);
  }

  private peek(count: number): Buffer {
    const [first] = this.chunks;
    if (first !== undefined && first.length >= count) return first;
    this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0]!;
  }

  private take(count: number): Buffer {
    const all = this.peek(count);
    this.length -= count;
    const rest = all.subarray(count);
    const [, ...others] = this.chunks;
    this.chunks = rest.length > 0 ? [rest, ...others] : others;
    return all.subarray(0, count);
  }
}

/** The zero-terminated text that begins at `start`, and where the next field begins. */
export function textAt(bytes: Buffer, start: number): { text: string; end: number } {
  const zero = bytes.indexOf(0, start);
  return { text: bytes.toString('utf8', start, zero), end: zero + 1 };
}

/** The code of an untyped message: the version of the protocol, or one of the requests above. */
export const startupCode = (bytes: Buffer) => bytes.readUInt32BE(LENGTH_BYTES);

export function encodeFrame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(1 + LENGTH_BYTES);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(LENGTH_BYTES + body.length, 1);
  return Buffer.concat([head, body]);
}

/** What the server says when it refuses a statement (`ERROR`) or ends the session (`FATAL`). */
export interface ServerError {
  readonly sqlState: string;
  readonly message?: string;
  readonly severity?: 'ERROR' | 'FATAL';
}

export function encodeError({ sqlState, message = 'injected', severity = 'ERROR' }: ServerError): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${sqlState}`, `M${message}`];
  return encodeFrame('E', Buffer.from(fields.map((field) => `${field}\0`).join('') + '\0'));
}

export const SYNC = encodeFrame('S', Buffer.alloc(0));

/** The ReadyForQuery that follows an error: inside a transaction the error has failed it. */
export function readyAfterError({ type, bytes }: Frame): Buffer {
  return String.fromCharCode(bytes[5] ?? 0) === 'T' ? encodeFrame(type, Buffer.from('E')) : bytes;
}

import { connect } from 'node:net';

const CANCEL_REQUEST_CODE = 80877102;
const TIMEOUT_MS = 500;

/** A session on the server, as its BackendKeyData named it. */
export interface CancelTarget {
  readonly host: string;
  readonly port: number;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

/**
 * Asks the server to stop what a session runs; without it, a statement whose connection was cut goes on for its caller
 * that is gone, with its locks, until the server's own limit.
 *
 * Best effort, as a request that overtakes its statement has no effect; never rejects. It is sent without TLS, as the
 * protocol allows (https://www.postgresql.org/docs/current/protocol-flow.html, 54.2.9).
 *
 * @returns false when the server has not taken it within half a second, and may still apply it to whatever the session
 *   runs by then
 */
export function requestCancel({ host, port, processID, secretKey }: CancelTarget): Promise<boolean> {
  if (processID === null || typeof secretKey !== 'number') return Promise.resolve(true);
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    let onItsWay = false;
    const timer = setTimeout(() => {
      socket.destroy();
    }, TIMEOUT_MS);
    socket.once('connect', () => {
      onItsWay = true;
      socket.write(message);
    });
    // The server closes without an answer when it has sent the signal.
    socket.once('end', () => {
      onItsWay = false;
    });
    socket.resume();
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(!onItsWay);
    });
  });
}

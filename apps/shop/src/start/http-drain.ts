import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long a client may take to finish sending a request once the shop is closing. */
const RECEIVE_LIMIT_MS = 5_000;
/** How long the requests that were received may take, counted from the same moment. */
const ANSWER_LIMIT_MS = 20_000;

type Responses = Set<ServerResponse>;

/**
 * Knows what each connection of an HTTP server is about, so that closing answers the requests in flight and waits for
 * nobody else.
 *
 * `server.close()` alone waits for every connection that has not become idle after an answer: one that has sent
 * nothing, or half a header, keeps it waiting for ever, as Node stops its own checks of slow clients at that moment.
 */
export class HttpDrain {
  private readonly connections = new Map<Socket, Responses>();
  private closing = false;

  /** Has to be there before the server listens: it follows the connections that come from now on. */
  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.connections.set(socket, new Set());
      socket.once('close', () => this.connections.delete(socket));
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.follow(request.socket, response);
    });
  }

  /**
   * Runs `close`, which closes the server, and sees to it that no client holds it up: one that has sent nothing is cut
   * off at once, one that is still sending after five seconds, and every one after twenty.
   */
  async during(close: () => Promise<void>): Promise<void> {
    this.closing = true;
    for (const responses of this.connections.values()) responses.forEach(announceEnd);
    const present = new Set(this.connections.keys());
    // One whole turn of the event loop later, in which what they have sent already is read.
    setImmediate(() =>
      setImmediate(() => this.cut((socket) => present.has(socket) && socket.bytesRead === 0)),
    );
    const timers = [
      setTimeout(() => this.cut((_socket, responses) => !isReceived(responses)), RECEIVE_LIMIT_MS),
      setTimeout(() => this.cut(() => true), ANSWER_LIMIT_MS),
    ];
    try {
      await close();
    } finally {
      timers.forEach(clearTimeout);
    }
  }

  private follow(socket: Socket, response: ServerResponse): void {
    const responses = this.connections.get(socket);
    if (responses === undefined) return;
    responses.add(response);
    if (this.closing) announceEnd(response);
    response.once('close', () => {
      responses.delete(response);
      // A header that was out before the closing began had promised to keep the connection.
      if (this.closing && responses.size === 0) socket.end();
    });
  }

  private cut(isHoldingUp: (socket: Socket, responses: Responses) => boolean): void {
    for (const [socket, responses] of this.connections) if (isHoldingUp(socket, responses)) socket.destroy();
  }
}

function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

/** Whether one of the requests has come in whole, so that its answer depends on the shop alone. */
function isReceived(responses: Responses): boolean {
  return [...responses].some(({ req }) => req.complete);
}

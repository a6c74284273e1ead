import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server, type Socket } from 'node:net';
import { Server as TlsServer, TLSSocket } from 'node:tls';
import { Http2Drain } from './http2-drain.js';

const SWEEP_MS = 50;
/** How long a client may take to finish sending a request once the server has stopped listening. */
const RECEIVE_LIMIT_MS = 5_000;

type Responses = Set<ServerResponse>;

/**
 * Knows what each connection of an HTTP server is about, so that its end answers every request and waits for nobody
 * else.
 *
 * `server.close()` alone waits for every connection that has not become idle after an answer: one that has sent
 * nothing, or half a header, keeps it waiting for ever, as Node stops its own checks of slow clients at that moment.
 */
export class HttpDrain {
  private readonly connections = new Map<Socket, Responses>();
  /** TLS connections that cannot carry a request yet, by their peer. */
  private readonly handshakes = new Map<string, Socket>();
  private readonly isTls: boolean;
  private readonly http2: Http2Drain;
  private sweeping: NodeJS.Timeout | undefined;
  private stoppedListeningAt: number | undefined;

  /** Has to be there before the server listens: it follows the connections that come from now on. */
  constructor(private readonly server: Server) {
    this.isTls = server instanceof TlsServer;
    this.http2 = new Http2Drain(server);
    server.on('connection', this.isTls ? this.onHandshake : this.onConnection);
    server.on('secureConnection', this.onSecureConnection);
    server.prependListener('request', this.onRequest);
  }

  /**
   * From here on every response tells its client to connect anew, which leads it to another instance, and so do the
   * HTTP/2 sessions there are. After the server has stopped listening, connections are closed as soon as they are idle,
   * at once where they have sent nothing, and after five seconds where they are still sending.
   */
  begin(): void {
    if (this.sweeping !== undefined) return;
    for (const responses of this.connections.values()) responses.forEach(announceEnd);
    this.http2.close();
    this.sweeping = setInterval(() => {
      this.sweep();
    }, SWEEP_MS);
    this.sweeping.unref();
  }

  /** Closes every connection, whatever it is doing. */
  cut(): void {
    for (const socket of this.handshakes.values()) socket.destroy();
    for (const socket of this.connections.keys()) socket.destroy();
    this.http2.cut();
  }

  /** Takes back everything this has put on the server. */
  end(): void {
    clearInterval(this.sweeping);
    this.server.off('connection', this.isTls ? this.onHandshake : this.onConnection);
    this.server.off('secureConnection', this.onSecureConnection);
    this.server.off('request', this.onRequest);
    this.http2.end();
    this.handshakes.clear();
    this.connections.clear();
  }

  private readonly onHandshake = (socket: Socket) => {
    const peer = peerOf(socket);
    this.handshakes.set(peer, socket);
    socket.once('close', () => {
      if (this.handshakes.get(peer) === socket) this.handshakes.delete(peer);
    });
  };

  /** Requests know the encrypted socket and not the one below it, and Node does not say which belong together. */
  private readonly onSecureConnection = (socket: Socket) => {
    this.handshakes.delete(peerOf(socket));
    this.onConnection(socket);
  };

  private readonly onConnection = (socket: Socket) => {
    if (this.isHttp2(socket)) return;
    this.connections.set(socket, new Set());
    socket.once('close', () => this.connections.delete(socket));
  };

  private readonly onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const responses = request.httpVersionMajor === 1 ? this.connections.get(request.socket) : undefined;
    if (responses === undefined) return;
    responses.add(response);
    if (this.sweeping !== undefined) announceEnd(response);
    response.once('close', () => responses.delete(response));
  };

  /** Such a connection is known by its session. Only behind TLS a server of HTTP/2 speaks HTTP/1 as well. */
  private isHttp2(socket: Socket): boolean {
    return socket instanceof TLSSocket ? socket.alpnProtocol === 'h2' : !(this.server instanceof HttpServer);
  }

  private sweep(): void {
    // While it listens, closing a connection could meet a request that is on its way.
    if (this.server.listening) return;
    const now = performance.now();
    this.stoppedListeningAt ??= now;
    const isLate = now - this.stoppedListeningAt >= RECEIVE_LIMIT_MS;
    for (const socket of this.handshakes.values()) {
      if (isLate || socket.bytesRead === 0) socket.destroy();
    }
    for (const [socket, responses] of this.connections) {
      if (responses.size === 0 && socket.bytesRead === 0) socket.destroy();
      else if (isLate && ![...responses].some(({ req }) => req.complete)) socket.destroy();
    }
    // Sessions that were opened in the pause in which everything was still served.
    this.http2.close();
    if (isLate) this.http2.cutIncomplete();
    if (hasIdleConnections(this.server)) this.server.closeIdleConnections();
  }
}

/** The same for a socket and the encrypted one on top of it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress ?? ''} ${remotePort ?? ''}`;
}

function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

function hasIdleConnections(server: Server): server is HttpServer {
  return 'closeIdleConnections' in server;
}

/** An adapter's server as far as it is one of Node's; `undefined` for others. */
export function asHttpServer(server: unknown): Server | undefined {
  return server instanceof Server ? server : undefined;
}

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A server that answers with what it was sent, and remembers how its connections ended. */
export class EchoServer implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  /** One entry for each connection that has ended. */
  readonly endings: ('fin' | 'rst')[] = [];
  received = 0;

  private readonly server = createServer({ allowHalfOpen: true }, (socket) => {
    this.sockets.add(socket);
    let ending: 'fin' | 'rst' = 'rst';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      this.received += bytes.length;
      socket.write(bytes);
    });
    socket.once('end', () => {
      ending = 'fin';
      socket.end();
    });
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.endings.push(ending);
    });
  });

  static async start(): Promise<EchoServer> {
    const echo = new EchoServer();
    echo.server.listen(0, '127.0.0.1');
    await once(echo.server, 'listening');
    return echo;
  }

  get url(): string {
    return `tcp://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** A client that keeps each piece it is sent and how its connection ended. */
export class EchoClient implements Disposable {
  readonly pieces: Buffer[] = [];
  /** 'fin', or the system's code of what broke it. */
  ending: string | undefined;

  private constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.pieces.push(bytes));
    socket.once('end', () => (this.ending ??= 'fin'));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ending ??= error.code ?? error.message));
  }

  /** @throws what the system says when the connection is refused. */
  static async connect(port: number): Promise<EchoClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new EchoClient(socket);
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }

  send(text: string): void {
    this.socket.write(text);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

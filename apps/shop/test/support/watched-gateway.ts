import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A payment gateway and message service that outlives the shops that ask it, and counts what they ask. */
export class WatchedGateway {
  /** Every request as `path key`, repetitions included. */
  readonly requests: string[] = [];
  private readonly server: Server;
  private readonly waits = new Map<string, () => Promise<void>>();

  /** @param carriedOut - called when a request was carried out, before it is answered */
  private constructor(carriedOut: (request: string) => void) {
    this.server = createServer((request, response) => {
      const key = String(request.headers['idempotency-key']);
      request.resume().on('end', () => {
        this.requests.push(`${request.url} ${key}`);
        carriedOut(`${request.url}`);
        const wait = this.waits.get(`${request.url}`) ?? (() => Promise.resolve());
        void wait().then(
          () => response.writeHead(200, { Connection: 'close' }).end('{"code":"done"}'),
          () => response.destroy(),
        );
      });
      response.on('error', () => undefined);
    });
  }

  static async open(carriedOut: (request: string) => void): Promise<WatchedGateway> {
    const gateway = new WatchedGateway(carriedOut);
    gateway.server.listen(0, '127.0.0.1');
    await once(gateway.server, 'listening');
    return gateway;
  }

  /** Has requests for this path wait for their answer, until that is done. */
  before(path: string, work: () => Promise<void>): void {
    this.waits.set(path, work);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How often each request was made. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const request of this.requests) counts[request] = (counts[request] ?? 0) + 1;
    return counts;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { PrismaService } from 'nestjs-database';
import { createShop } from '../app.factory.js';
import type { ShopOptions } from '../app.options.js';
import { FakePartners } from '../partners/fake/fake-partners.js';
import { SeedService } from '../seed/seed.service.js';
import { greet } from './greeting.js';
import { findOrderExample } from './order-example.js';
import { ShopServers } from './shop-servers.js';
import type { StopSignal } from './stop-signal.js';

interface OpenShop {
  readonly greeting: string;
  /** Answers the requests in flight, then closes the application. */
  close(): Promise<void>;
}

/** How long an interrupted start may go on; the servers are stopped then, whatever it is doing. */
const SETTLE_LIMIT_MS = 25_000;

/**
 * Opens the shop, keeps it open until `stop` is signalled, and leaves nothing behind: requests are answered, then the
 * connections are closed, then the servers of our own are stopped. Says whether the shop was open at all, or was
 * interrupted before; an interrupted start comes to its end first, as a migration that is cut off blocks later starts.
 *
 * @throws what the start failed with, after everything that had been started was stopped
 */
export async function runShop(options: ShopOptions, stop: StopSignal): Promise<'closed' | 'interrupted'> {
  const servers = await ShopServers.start(options, (line) => {
    Logger.log(line, 'Servers');
  });
  try {
    if (stop.signal !== undefined) return 'interrupted';
    const opening = open(options, servers);
    const opened = await Promise.race([opening, stop.received]);
    if (opened === undefined) {
      process.stdout.write('\nInterrupted; ending the start in order …\n');
      await settle(opening);
      return 'interrupted';
    }
    process.stdout.write(opened.greeting);
    await stop.received;
    process.stdout.write('\nClosing the shop …\n');
    await opened.close();
    return 'closed';
  } finally {
    await servers.stop();
  }
}

async function open(options: ShopOptions, servers: ShopServers): Promise<OpenShop> {
  const { database, redis } = servers;
  const { partnersUrl, partnerTimeoutMs: timeoutMs, leaseMs } = options;
  const app = await createShop({
    databaseUrl: database.embedded?.url,
    redisUrl: redis?.url,
    leaseMs,
    partners: { url: partnersUrl, timeoutMs },
  });
  try {
    const seeded = options.seed && (await app.get(SeedService).seedIfEmpty());
    const example = await findOrderExample(app.get(PrismaService));
    await app.listen(options.port, options.host);
    const url = addressOf(app, options.host);
    const { dataDirectory } = options;
    const partners = { isFake: partnersUrl === undefined, url: partnersUrl ?? app.get(FakePartners).url };
    return {
      greeting: greet({ url, servers, dataDirectory, partners, seeded, example }),
      close: () => app.close(),
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Waits, for a limited time, until the start has come to an end, and closes what it has opened. */
async function settle(opening: Promise<OpenShop>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, SETTLE_LIMIT_MS)));
  const closed = opening.then(
    (shop) => shop.close(),
    // Why it failed is of no interest any more, and it has closed what it had opened.
    () => undefined,
  );
  await Promise.race([closed, limit]).finally(() => {
    clearTimeout(timer);
  });
}

/** An address that can be opened: a server that listens everywhere is reached at one place. */
function addressOf(app: NestExpressApplication, host: string): string {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const everywhere = ['0.0.0.0', '::'].includes(host);
  const name = everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

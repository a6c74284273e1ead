import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { EmbeddedStartError } from './embedded.errors.js';

export const LOOPBACK = '127.0.0.1';

/**
 * Below the range from which systems take the local ports of outgoing connections (Linux from 32768, others from 49152):
 * a server that is restarted must find its port free again.
 */
const CANDIDATES = { from: 20_000, to: 32_000, attempts: 50 } as const;

/** Whether a server could listen on the port of the loopback interface now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that was free a moment ago; somebody else may take it first, so the caller has to cope with that. */
export async function findFreePort(product: string): Promise<number> {
  for (let attempt = 0; attempt < CANDIDATES.attempts; attempt++) {
    const port = randomInt(CANDIDATES.from, CANDIDATES.to);
    if (await isPortFree(port)) return port;
  }
  throw new EmbeddedStartError(
    product,
    `no free port was found in ${CANDIDATES.attempts} attempts between ${CANDIDATES.from} and ${CANDIDATES.to}`,
    'Give one with the option `port`.',
  );
}

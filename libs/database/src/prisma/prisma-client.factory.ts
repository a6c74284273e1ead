import { PrismaPg } from '@prisma/adapter-pg';
import type { ClientLike, PrismaClientClass } from '../client/database-register.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import type { TransactionContext } from '../transaction/transaction-context.js';
import { extendInside } from './extension-base.js';
import type { DatabasePool } from '../postgres/database-pool.js';

/** What shapes the client besides the pool. */
export interface PrismaClientSettings {
  readonly client: PrismaClientClass;
  readonly clientOptions: Readonly<Record<string, unknown>>;
  readonly extend: ((client: ClientLike) => unknown) | undefined;
  readonly schema: string | undefined;
}

/**
 * Constructs the application's client over the pool; nothing is sent yet.
 *
 * @throws {@link InvalidOptionsError} when `extend` returns something that is no client
 */
export function createPrismaClient(
  settings: PrismaClientSettings,
  pool: DatabasePool,
  context: TransactionContext,
): ClientLike {
  const adapter = new PrismaPg(pool, settings.schema === undefined ? {} : { schema: settings.schema });
  const client = new settings.client({ ...settings.clientOptions, adapter } as never);
  if (settings.extend === undefined) return client;
  const extended = extendInside(client, settings.extend, context);
  if (typeof extended !== 'object' || extended === null || !('$transaction' in extended)) {
    throw new InvalidOptionsError('DatabaseModule', [
      { path: 'extend', problem: 'returned no client. Return the result of `client.$extends(...)`.' },
    ]);
  }
  return extended as ClientLike;
}

import type { PrismaClient } from '../../apps/shop/src/generated/prisma/client.js';
import type { PrismaClient as RecordsClient } from './records/generated/prisma/client.js';

/** What the tests extend the client of the connection `billing` with. */
export const extendBilling = (client: PrismaClient) =>
  client.$extends({ client: { $shout: (text: string) => text.toUpperCase() } });

declare module 'nestjs-database' {
  interface DatabaseRegister {
    connections: { billing: ReturnType<typeof extendBilling>; records: RecordsClient };
  }
}

import type { PrismaClient } from './generated/prisma/client.js';

declare module 'nestjs-database' {
  interface DatabaseRegister {
    client: PrismaClient;
  }
}

import type { PrismaClient } from './generated/prisma/client.js';

// Once for the whole shop: from here the library's services and repositories know the shop's models.
declare module 'nestjs-database' {
  interface DatabaseRegister {
    client: PrismaClient;
  }
}

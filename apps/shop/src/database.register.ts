import type { PrismaClient } from './generated/prisma/client.js';
import type { DB } from './generated/tables/tables.js';

// Once for the whole shop: from here the library's services and repositories know the shop's models,
// and its queries know the tables.
declare module 'nestjs-database' {
  interface DatabaseRegister {
    client: PrismaClient;
    tables: DB;
  }
}

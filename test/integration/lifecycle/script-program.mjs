// A script on the built library: it opens the database, asks it, and ends because nothing keeps it running.
import { openDatabase } from '../../../libs/database/dist/index.js';
import { PrismaClient } from '../../../apps/shop/dist/generated/prisma/client.js';

const database = await openDatabase({ client: PrismaClient, url: process.argv[2], redis: false, env: false });
try {
  process.stdout.write(`categories=${await database.prisma.category.count()}\n`);
} finally {
  // What `await using` does where the syntax is compiled.
  await database[Symbol.asyncDispose]();
}

// An instance that delivers the messages of one schema until its standard input ends; each delivery takes two milliseconds.
import 'reflect-metadata';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from 'nestjs-database';
import { PrismaClient } from '../../apps/shop/dist/generated/prisma/client.js';

const [url, librarySchema] = process.argv.slice(2);
let delivered = 0;
const database = await openDatabase({
  client: PrismaClient,
  url,
  librarySchema,
  redis: false,
  env: false,
  pool: { max: 4, min: 0 },
  logging: { mode: 'production' },
  outbox: {
    sinks: {
      bench: async () => {
        await pause(2);
        delivered += 1;
      },
    },
  },
});
process.stdout.write('open\n');
process.stdin.resume().once('end', () => {
  void database.close().then(() => {
    process.stdout.write(`${delivered}\n`);
    process.stdin.destroy();
  });
});

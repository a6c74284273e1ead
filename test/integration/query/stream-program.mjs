// Streams rows on the built library in a process of its own, and says how much memory that has taken.
import { openDatabase } from '../../../libs/database/dist/index.js';
import { PrismaClient } from '../../../apps/shop/dist/generated/prisma/client.js';

const [url, rows, way] = process.argv.slice(2);
const database = await openDatabase({ client: PrismaClient, url, redis: false, env: false });
const { db } = database;
const text = 'SELECT n AS id, repeat(md5(n::text), 8) AS payload FROM generate_series(1, $1::int) AS n';
const ways = {
  text: (count) => db.stream(text, [count]),
  template: (count) =>
    db.sql`SELECT n AS id, repeat(md5(n::text), 8) AS payload FROM generate_series(1, ${count}::int) AS n`.stream(),
  builder: (count) =>
    db.getQueryBuilder().from('numbers').where('id', '<=', count).stream({ batchSize: 500 }),
  // What reading everything takes, for comparison.
  query: (count) => db.query(text, [count]),
};
/** What is still referred to. */
function liveBytes() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

try {
  for await (const row of ways.text(5_000)) void row;
  const before = process.memoryUsage.rss();
  const liveBefore = liveBytes();
  let live = 0;
  let peak = before;
  let read = 0;
  for await (const row of await ways[way](Number(rows))) {
    read += row.payload.length > 0 ? 1 : 0;
    // In the middle, so that what is only garbage does not count.
    if (read === Number(rows) / 2) live = liveBytes() - liveBefore;
    if (read % 5_000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  process.stdout.write(
    `${JSON.stringify({ read, addedMb: Math.round((peak - before) / 1e6), liveMb: live / 1e6 })}\n`,
  );
} finally {
  await database[Symbol.asyncDispose]();
}

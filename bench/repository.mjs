// Repositories beside the bare client: single reads, loading in batches, bulk inserts; then pages far into a million rows,
// and the memory of a stream. What is promised is printed beside.
// `npm run bench -- repository [rounds] [--only=single,loading,bulk,pages,streaming] [--check]`; needs what `npm run build`
// makes.
import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { RepositoryFor } from 'nestjs-database';
import { openBenchDatabase } from './support/bench-database.mjs';
import { compete, printTimes, ratioWithin } from './support/contest.mjs';
import { readArguments, readChoice, Verdict } from './support/verdict.mjs';

const { rounds, check } = readArguments(20);
const sections = { single, loading, bulk, pages, streaming };
const only = readChoice(Object.keys(sections));
const NOISE = 0.05;
const CUSTOMERS = 1_000;
const PAGED_ROWS = 1_000_000;
const PAGE_SIZE = 20;
const BULK_ROWS = 10_000;

class CustomerRepository extends RepositoryFor('customer') {}
class CategoryRepository extends RepositoryFor('category') {}

const { database, bare, postgres, close } = await openBenchDatabase({ transaction: { timeoutMs: 120_000 } });
const customers = database.repository(CustomerRepository);
const categories = database.repository(CategoryRepository);
const verdict = new Verdict(check);

try {
  await customers.bulkInsert(rowsFrom(1, CUSTOMERS));
  for (const [name, run] of Object.entries(sections)) if (only.size === 0 || only.has(name)) await run();
  verdict.end();
} finally {
  await close();
}

async function single() {
  const where = { id: { lte: 10 } };
  const contests = {
    findById: {
      bare: () => bare.customer.findUnique({ where: { id: 1 } }),
      ours: () => customers.findById(1),
    },
    findMany: { bare: () => bare.customer.findMany({ where }), ours: () => customers.findMany({ where }) },
  };
  for (const [title, contestants] of Object.entries(contests)) {
    for (const concurrency of [1, 32]) {
      const ratio = await contest(`${title}, concurrency ${concurrency}`, contestants, concurrency, 400);
      verdict.note(`${title}, concurrency ${concurrency}`, ratio, 1.05, NOISE);
    }
  }
}

/** Each call in a turn of its own, as requests arrive: what shares a turn Prisma joins by itself. */
async function loading() {
  let next = 0;
  const id = () => (next++ % CUSTOMERS) + 1;
  const contestants = {
    bare: async () => {
      await nextTurn();
      return await bare.customer.findUnique({ where: { id: id() } });
    },
    ours: async () => {
      await nextTurn();
      return await customers.load(id());
    },
  };
  for (const [concurrency, promise] of [
    [1, 0.95],
    [32, 3],
    [100, 5],
  ]) {
    const ratio = await contest(`load, concurrency ${concurrency}`, contestants, concurrency, 800);
    verdict.noteAtLeast(
      `load, concurrency ${concurrency}, times as fast`,
      1 / ratio,
      promise,
      promise * NOISE,
    );
  }
}

async function bulk() {
  let next = CUSTOMERS;
  const rows = () => {
    const from = next + 1;
    next += BULK_ROWS;
    return rowsFrom(from, next);
  };
  const contestants = {
    bare: async () => {
      const data = rows();
      for (let from = 0; from < data.length; from += 1_000)
        await bare.customer.createMany({ data: data.slice(from, from + 1_000) });
    },
    ours: () => customers.bulkInsert(rows()),
  };
  const ratio = await contest(`${BULK_ROWS} rows`, contestants, 1, 1, Math.min(rounds, 7));
  verdict.noteAtLeast('bulkInsert, times as fast as createMany', 1 / ratio, 6, 6 * NOISE);
}

async function pages() {
  // In parts, which a busy machine finishes within the time limit of a statement.
  for (let from = 1; from <= PAGED_ROWS; from += 100_000) {
    await database.db.query(
      `INSERT INTO category (name, slug) SELECT 'name ' || n, md5(n::text) FROM generate_series($1::int, $2::int) AS n`,
      [from, from + 99_999],
    );
  }
  await database.db.execute('VACUUM ANALYZE category');
  const args = { first: PAGE_SIZE, orderBy: { slug: 'asc' } };
  let after;
  for (let page = 1; page < 1_000; page++) {
    ({
      pageInfo: { endCursor: after },
    } = await categories.paginate({ ...args, ...(after !== undefined && { after }) }));
  }
  const contestants = {
    'page 1': () => categories.paginate(args),
    'page 1,000': () => categories.paginate({ ...args, after }),
  };
  console.log(`\nA page of ${PAGE_SIZE} of ${PAGED_ROWS} rows`);
  const times = await compete(contestants, { rounds, callsPerSlice: 200, concurrency: 1 });
  printTimes(times, 'page 1');
  const ratio = ratioWithin(times['page 1,000'].wall, times['page 1'].wall);
  verdict.note('page 1,000 to page 1', ratio, 1.2, NOISE);
}

async function streaming() {
  const program = join(import.meta.dirname, '../test/integration/query/stream-program.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, postgres.url, '1000000', 'text']);
  const { read, addedMb } = JSON.parse(stdout);
  console.log(`\nStreaming ${read} rows of 256 bytes adds ${addedMb} MB.`);
  verdict.note('streaming 1,000,000 rows, MB added', addedMb, 100, 0);
}

async function contest(title, contestants, concurrency, callsPerSlice, ofRounds = rounds) {
  console.log(`\n${title}; ${ofRounds} rounds, median, and median of the ratios within a round`);
  const times = await compete(contestants, { rounds: ofRounds, callsPerSlice, concurrency });
  printTimes(times, 'bare');
  return ratioWithin(times.ours.wall, times.bare.wall);
}

function rowsFrom(from, to) {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    name: `Customer ${from + index}`,
    email: `customer-${from + index}@example.com`,
  }));
}

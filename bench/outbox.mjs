// Transactions with a message: beside the same without one, and with 1,000,000 messages pending beside none, with and without
// instances that deliver; then how fast messages are delivered. All contestants take turns in short slices of one run.
// `npm run bench -- outbox [rounds] [--only=writing,sweeping,delivery] [--rows=1000000] [--check]`; needs what `npm run build` makes.
import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { openDatabase } from 'nestjs-database';
import { PrismaClient } from '../apps/shop/dist/generated/prisma/client.js';
import { startBenchPostgres } from './support/bench-postgres.mjs';
import { compete, median, printTimes, ratioWithin } from './support/contest.mjs';
import { readArguments, readChoice, Verdict } from './support/verdict.mjs';

const { rounds, check } = readArguments(15);
const sections = { writing, sweeping, delivery };
const only = readChoice(Object.keys(sections));
const rowsGiven = process.argv.find((argument) => argument.startsWith('--rows='));
const ROWS = Number(rowsGiven?.slice('--rows='.length) ?? 1_000_000);
const CALLS = 400;
const KEYS = 10_000;
const DELIVERED = 10_000;
const NOISE = 0.05;
/** What the library finds the part of a key by. */
const SLOT_PREFIX = Buffer.from('nestjs-database:outbox\0bench\0');
const BARE = 'no message';
const EMPTY = 'a message, none pending';
const FULL = `a message, ${ROWS.toLocaleString('en')} pending`;
const SCHEMAS = { [EMPTY]: 'outbox_empty', [FULL]: 'outbox_full' };

Logger.overrideLogger(['warn', 'error']);
const { postgres, stop } = await startBenchPostgres();
const verdict = new Verdict(check);
let turn = 0;

try {
  const writers = { [EMPTY]: await openWriter(EMPTY), [FULL]: await openWriter(FULL) };
  const { db } = writers[EMPTY];
  await db.query('CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text)');
  const filledIn = await fill(db, SCHEMAS[FULL], ROWS);
  console.log(
    `${ROWS.toLocaleString('en')} messages were written by SQL in ${(filledIn / 1_000).toFixed(1)} s.`,
  );
  for (const [name, run] of Object.entries(sections))
    if (only.size === 0 || only.has(name)) await run(writers);
  for (const writer of Object.values(writers)) await writer.close();
  verdict.end();
} finally {
  await stop();
}

function openWriter(name, options = { deliver: false }) {
  return openDatabase({
    client: PrismaClient,
    url: postgres.url,
    librarySchema: SCHEMAS[name],
    redis: false,
    env: false,
    pool: { max: 10 },
    logging: { mode: 'production' },
    outbox: options,
  });
}

/** @returns how long it took, in milliseconds */
async function fill(db, schema, rows) {
  const started = performance.now();
  for (let done = 0; done < rows; done += 50_000) {
    await db.query(
      `INSERT INTO ${schema}.outbox_message (slot, id, topic, key, payload, headers, created_at, available_at)
       SELECT get_byte(sha256($3::bytea || convert_to(key, 'UTF8')), 7) % 64, gen_random_uuid(), 'bench', key,
              json_build_object('order', n, 'total', '12.50'), '{}', now(), now()
         FROM generate_series($1::int + 1, least($1::int + 50000, $2::int)) AS n
        CROSS JOIN LATERAL (SELECT 'key:' || n % ${KEYS} AS key) AS k`,
      [done, rows, SLOT_PREFIX],
    );
  }
  await db.query(`VACUUM ANALYZE ${schema}.outbox_message`);
  return performance.now() - started;
}

function writeThrough({ transactions, db, outbox }, withMessage = true) {
  return () =>
    transactions.run(async () => {
      turn += 1;
      await db.query('INSERT INTO effect (what) VALUES ($1)', [`effect ${turn}`]);
      if (withMessage)
        outbox.add({ topic: 'bench', key: `key:${turn % KEYS}`, payload: { order: turn, total: '12.50' } });
    });
}

async function compare(title, writers, noteMessage) {
  const contestants = {
    [BARE]: writeThrough(writers[EMPTY], false),
    [EMPTY]: writeThrough(writers[EMPTY]),
    [FULL]: writeThrough(writers[FULL]),
  };
  for (const concurrency of [1, 16]) {
    const times = await compete(contestants, { rounds, callsPerSlice: CALLS, concurrency });
    console.log(
      `\n${title}, concurrency ${concurrency}, ${rounds} rounds of ${CALLS} transactions; median, and median of the ratios`,
    );
    printTimes(times, BARE);
    const slowdown = ratioWithin(times[FULL].wall, times[EMPTY].wall);
    verdict.note(`${title}, pending to none, concurrency ${concurrency}`, slowdown, 1.1, NOISE);
    if (noteMessage) {
      const cost = ratioWithin(times[EMPTY].wall, times[BARE].wall);
      console.log(`  a message costs ${((cost - 1) * 100).toFixed(0)} % of such a transaction`);
    }
  }
}

async function writing(writers) {
  await compare('Writing, nobody delivers', writers, true);
}

/** Both schemas have an instance of their own at work all the time: what it takes of the machine, it takes from all. */
async function sweeping(writers) {
  const sweepers = [];
  for (const schema of Object.values(SCHEMAS)) sweepers.push(await startSweeper(schema));
  await compare('Writing while others deliver', writers, false);
  for (const [index, name] of Object.keys(SCHEMAS).entries())
    console.log(`  ${await sweepers[index].end()} messages were delivered meanwhile: ${name}`);
}

async function startSweeper(schema) {
  const program = join(import.meta.dirname, 'outbox', 'sweeper.mjs');
  const child = spawn(process.execPath, [program, postgres.url, schema], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await once(child.stdout, 'data');
  const end = async () => {
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
    return output.trim().split('\n').at(-1);
  };
  return { end };
}

/** From the first delivery to the last, with a sink that takes no time; what is delivered is deleted as well. */
async function delivery(writers) {
  const { db } = writers[EMPTY];
  const figures = { [EMPTY]: [], [FULL]: [] };
  for (let round = 0; round < Math.min(rounds, 5); round++) {
    for (const name of Object.keys(SCHEMAS)) {
      if (name === EMPTY) {
        await db.query(`TRUNCATE ${SCHEMAS[EMPTY]}.outbox_message`);
        await fill(db, SCHEMAS[EMPTY], DELIVERED);
      }
      figures[name].push(await deliverSome(name));
    }
  }
  console.log(`\nDelivery by one instance, ${DELIVERED.toLocaleString('en')} messages of many keys; median`);
  console.log(`  no more than these          ${median(figures[EMPTY]).toFixed(0)} messages a second`);
  console.log(
    `  out of ${ROWS.toLocaleString('en').padEnd(20)} ${median(figures[FULL]).toFixed(0)} messages a second`,
  );
}

async function deliverSome(name) {
  let count = 0;
  let first = 0;
  let done;
  const enough = new Promise((resolve) => (done = resolve));
  const bench = () => {
    first ||= performance.now();
    count += 1;
    if (count === DELIVERED) done(performance.now());
  };
  const database = await openWriter(name, { sinks: { bench }, concurrency: 50 });
  const ended = await enough;
  await database.close();
  return (DELIVERED / (ended - first)) * 1_000;
}

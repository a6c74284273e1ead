// The application of the ledger test, as a process of its own, from the built library: it places orders until it is killed.
//   node writer-program.mjs '{"url":"postgresql://…","journal":"…","writers":4}'
// The journal gets a line for all it intends and all it is told: `<event> <key> <code>`. It ends with its standard input.
import 'reflect-metadata';
import { randomInt, randomUUID } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase, TRANSACTION_CHANNELS } from '../../../libs/database/dist/index.js';
import { PrismaClient } from '../../../apps/shop/dist/generated/prisma/client.js';

const { url, journal, writers, products } = JSON.parse(process.argv[2]);
const PAUSE_MS = 50;

// What was given to the kernel outlives a process that is killed; one write is one line.
const file = openSync(journal, 'a');
const note = (event, key, code = '-') => void writeSync(file, `${event} ${key} ${code}\n`);

let stopping = false;
process.stdin.resume().once('end', () => (stopping = true));
process.on('unhandledRejection', (error) => {
  note('unhandled', '-', String(error).replaceAll(/\s/g, '_'));
  process.exit(1);
});

const database = await openDatabase({
  client: PrismaClient,
  url,
  redis: false,
  env: false,
  pool: { max: writers, min: 0, acquireTimeoutMs: 2_000, connectTimeoutMs: 1_900 },
  timeouts: { statementMs: 3_000, lockMs: 2_000, idleInTransactionMs: 5_000, graceMs: 500 },
});
const { db, prisma, transactions } = database;

// A transaction is called by the key of its order here; one that is repeated for a connection had been in doubt.
subscribe(TRANSACTION_CHANNELS.retry, ({ name, error }) => {
  if (error.code === 'CONNECTION_LOST') note('doubt-not-applied', name);
});

/** Order, lines and stock, each by another way into the same transaction. */
async function place(key, lines) {
  const total = lines.reduce((sum, { amount }) => sum + amount, 0);
  await db.query('INSERT INTO ledger_order (key, total) VALUES ($1::uuid, $2)', [key, total]);
  for (const [index, { product, quantity, amount }] of lines.entries()) {
    await prisma.$executeRaw`INSERT INTO ledger_line (order_key, line_no, product, quantity, amount)
      VALUES (${key}::uuid, ${index + 1}, ${product}, ${quantity}, ${amount})`;
    await transactions.run(() =>
      db.query('UPDATE ledger_stock SET quantity = quantity - $2 WHERE product = $1', [product, quantity]),
    );
  }
}

function draw() {
  const count = randomInt(1, 5);
  const lines = Array.from({ length: count }, () => ({
    product: randomInt(1, products + 1),
    quantity: randomInt(1, 4),
  }));
  return lines.map((line) => ({ ...line, amount: line.quantity * randomInt(100, 1_000) }));
}

/** Resolves doubts by the transaction's id. */
async function placeVerified() {
  const key = randomUUID();
  const lines = draw();
  note('intent', key);
  try {
    await transactions.run(() => place(key, lines), {
      name: key,
      verify: 'xid',
      retry: { attempts: 20, deadlineMs: 20_000 },
    });
    note('ack', key);
  } catch (error) {
    note(error.outcome ?? 'untyped', key, error.code);
    await delay(PAUSE_MS);
  }
}

/** Resolves doubts by repeating the order with its key, which the database takes once. */
async function placeKeyed() {
  const key = randomUUID();
  const lines = draw();
  note('intent', key);
  for (let inDoubt = false; ;) {
    try {
      await transactions.run(() => place(key, lines), { name: key, retry: { attempts: 20 } });
      if (inDoubt) note('resolved-not-applied', key);
      return note('ack', key);
    } catch (error) {
      if (error.code === 'UNIQUE_VIOLATION' && inDoubt) {
        note('resolved-applied', key);
        return note('ack', key);
      }
      if (error.outcome === 'unknown') {
        inDoubt = true;
        note('doubt', key, error.code);
      } else if (!inDoubt) {
        note(error.outcome ?? 'untyped', key, error.code);
        return await delay(PAUSE_MS);
      }
      if (stopping) return undefined;
      await delay(PAUSE_MS);
    }
  }
}

async function write(number) {
  while (!stopping) await (number % 2 === 0 ? placeVerified() : placeKeyed());
}

note('started', process.pid);
await Promise.all(Array.from({ length: writers }, (_, number) => write(number)));
await database.close();
closeSync(file);

// An instance of an application with an outbox, as a process of its own, from the built library.
//   node outbox-program.mjs '{"url":"postgresql://…","journal":"…","write":{…},"deliver":true,"kill":{…}}'
// The journal gets a line for all that it intends, is told and delivers: `<event> <key> <number> <id>`. It ends with its
// standard input. `kill` has the process kill itself at the `times`th event of a diagnostics channel.
import 'reflect-metadata';
import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';
import { openDatabase } from '../../../libs/database/dist/index.js';
import { PrismaClient } from '../../../apps/shop/dist/generated/prisma/client.js';

const { url, journal, name, write, deliver, kill, naive, failing, outbox } = JSON.parse(process.argv[2]);

// What was given to the kernel outlives a process that is killed; one write is one line.
const file = openSync(journal, 'a');
const note = (event, key, number, id = '-') =>
  void writeSync(file, `${event} ${key} ${number} ${id} ${name}\n`);
const die = () => process.kill(process.pid, 'SIGKILL');

process.on('unhandledRejection', (error) => {
  note('unhandled', '-', String(error).replaceAll(/\s/g, '_'));
  process.exit(1);
});
let stopping = false;
process.stdin.resume().once('end', () => (stopping = true));

if (kill !== undefined) {
  let seen = 0;
  subscribe(kill.channel, () => {
    seen += 1;
    if (seen === kill.times) die();
  });
}

/** As many write it by hand: the message goes out when the transaction is committed. */
function publishAfterCommit(key, number) {
  if (kill?.channel === 'after commit' && number === kill.times) die();
  note('delivered', key, number, `naive-${key}-${number}`);
}

const database = await openDatabase({
  client: PrismaClient,
  url,
  redis: false,
  env: false,
  pool: { max: 4, min: 0 },
  outbox: {
    deliver,
    pollMs: 100,
    leaseMs: 1_000,
    initialDelayMs: 0,
    maxDelayMs: 10,
    attempts: 3,
    ...outbox,
    sinks: {
      order: async ({ id, key, payload, attempt }) => {
        // The same message fails in every process: once, or for good.
        if (failing && payload % 7 === 3 && (attempt === 1 || payload % 14 === 3)) throw new TypeError('no');
        note('delivered', key, payload, id);
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
  },
});
note('open', '-', 0);

async function writeOne(key, number) {
  note('intended', key, number);
  const id = await database.transactions.run(async () => {
    await database.db.query('INSERT INTO letter (key, number) VALUES ($1, $2)', [key, number]);
    return naive ? undefined : database.outbox.add({ topic: 'order', key, payload: number });
  });
  if (naive) publishAfterCommit(key, number);
  note('written', key, number, id);
}

if (write !== undefined) {
  await Promise.all(
    write.keys.map(async (key) => {
      for (let number = 1; number <= write.count && !stopping; number++) await writeOne(key, number);
    }),
  );
}
note('done', '-', 0);
if (deliver) await new Promise((resolve) => process.stdin.once('end', resolve));
await database.close();
// Open, it would keep the process alive.
process.stdin.destroy();

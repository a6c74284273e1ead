// An instance of an application with the sagas of the crash tests, as a process of its own, from the built library.
//   node saga-program.mjs '{"url":"postgresql://…","journal":"…","name":"one"}'
// It is told what to do by lines of JSON on its standard input, and ends with that: `run` starts sagas, each of which stands
// still where its `at` says; `goOn` ends that. `die` has it kill itself as soon as so many stand still,
// `dieAfter` after so many more points that any of its sagas comes to. `insist` runs sagas to their ends, whatever happens;
// `enqueue` leaves them to whoever looks for them.
// The journal gets a line for all that happens: `<event> … <name>`.
import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import {
  Database,
  DatabaseModule,
  SAGA_CHANNELS,
  SagaService,
  postgresSagaEngine,
} from '../../../libs/database/dist/index.js';
import { PrismaClient } from '../../../apps/shop/dist/generated/prisma/client.js';
import { journeySagas, naiveJourney } from './journey-sagas.mjs';
import { Standstill, goesOn } from './standstill.mjs';
import { transferSaga } from './transfer-saga.mjs';

const given = JSON.parse(process.argv[2]);
const { url, journal, name, engine, module, standAtTakeOver, brief, silent } = given;
const chosen = given.sagas ?? ['journey', 'party', 'errand', 'transfer'];

// What was given to the kernel outlives a process that is killed; one write is one line.
const file = openSync(journal, 'a');
const note = (...words) => void writeSync(file, `${words.join(' ')} ${name}\n`);
const textOf = (error) => String(error?.code ?? error).replaceAll(/\s/g, '_');

process.on('unhandledRejection', (error) => {
  note('unhandled', textOf(error));
  process.exit(1);
});

/** Where each saga is to stand still; those that can; and who waits for that. */
const places = new Map();
const standstills = new Map();
const arrived = new Map();
/** The key of the saga that is being started, which it takes along as its context, or lives in the memory of this process. */
const starting = new AsyncLocalStorage();
let standing = 0;
let dies = 0;
let events = 0;
let lastEvent = 0;

function standstillOf(key) {
  const known = standstills.get(key) ?? new Standstill();
  standstills.set(key, known);
  return known;
}

subscribe(SAGA_CHANNELS.progress, ({ point, direction, step, state, ...event }) => {
  if (point === 'beat') return;
  events += 1;
  if (events === lastEvent) process.kill(process.pid, 'SIGKILL');
  const key = event.saga === 'executeSaga' ? starting.getStore() : event.key;
  // What it still comes to by itself, nobody hears of.
  if (standstillOf(key).later !== undefined) return;
  const place = [direction, step, state, point].filter(Boolean).join('-');
  if (!brief || point === 'recorded') note('point', key, place);
  const at = point === 'taken-over' && standAtTakeOver ? place : places.get(key);
  if (at !== place) return;
  places.delete(key);
  note('stands', key, place);
  standing += 1;
  // What comes after it is not part of the saga yet: there the process can only end.
  if (standing === dies || point === 'created') process.kill(process.pid, 'SIGKILL');
  standstillOf(key).begin();
  arrived.get(key)?.();
});

/** The other system: it keeps what it was asked for. */
const tell = async (idempotencyKey) => {
  await goesOn();
  note('told', idempotencyKey);
  // It has heard it, and does not answer.
  if (silent) await new Promise(() => undefined);
};

/** Whoever runs a saga can have it stand still, also before its first step. */
const context = {
  capture: () => starting.getStore(),
  restore: (key, work) =>
    standstillOf(key).run(async () => {
      await goesOn();
      return await work();
    }),
};

const sagas = { ...journeySagas(tell), transfer: transferSaga(tell) };
const app = await NestFactory.createApplicationContext(
  {
    module: class SagaApplication {},
    imports: [
      DatabaseModule.forRoot({
        client: PrismaClient,
        url,
        redis: false,
        env: false,
        pool: { max: 64, min: 0 },
        saga: { engine: postgresSagaEngine({ leaseMs: 1_000, pollMs: 50, ...engine }), context },
        ...module,
      }),
    ],
    providers: chosen.map((each) => sagas[each]),
  },
  { logger: ['error', 'warn'], abortOnError: false },
).catch((error) => {
  note('failed', textOf(error));
  process.exit(1);
});
app.enableShutdownHooks();
const service = app.get(SagaService);

async function run({ saga, key, input = {}, at }) {
  if (at !== undefined) places.set(key, at);
  try {
    if (saga === 'naive')
      await standstillOf(key).run(() => naiveJourney(app.get(Database), tell, { key, input }));
    else await service.run(sagas[saga], { key, input });
    note('ended', key, 'completed');
  } catch (error) {
    note('ended', key, error.state ?? textOf(error));
  }
}

/** Runs it until its end is known, however often it has to be asked for. */
async function insist({ saga, key, input }) {
  for (;;) {
    try {
      await service.run(sagas[saga], { key, input });
      return note('ended', key, 'completed');
    } catch (error) {
      if (error.code === 'SAGA_FAILED') return note('ended', key, error.state);
      note('asks-again', key, textOf(error));
      await delay(100);
    }
  }
}

const commands = {
  /** At the same time. */
  insist: (list) => list.forEach((each) => void insist(each)),
  enqueue: async (list) => {
    for (const { saga, key, input = {} } of list) await service.enqueue(sagas[saga], { key, input });
    note('enqueued');
  },
  dieAfter: (count) => (lastEvent = events + count),
  // One after the other: who waits for a connection would go on in the context of whoever gives one back.
  run: async (list) => {
    for (const each of list) {
      const stands = new Promise((resolve) => arrived.set(each.key, resolve));
      await Promise.race([starting.run(each.key, () => run(each)), stands]);
    }
  },
  die: (count) => (dies = count),
  goOn: (keys) => {
    for (const [key, each] of standstills)
      if (each.later !== undefined && (keys ?? [key]).includes(key)) each.end();
  },
};
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, given] = Object.entries(JSON.parse(line))[0];
    void commands[command](given);
  })
  .once('close', () => {
    void app.close().then(() => {
      note('closed');
      process.exit(0);
    });
  });
note('open');

// A saga of three `tx` steps beside three bare transactions of the library with the same writes, and beside DBOS with the same
// transactions in its steps. Round trips and commits are counted by a proxy; then all take turns in short slices of one run.
// `npm run bench -- saga [rounds] [--check]`; needs what `npm run build` makes.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Database, DatabaseModule, Saga, saga, SagaService, TransactionManager } from 'nestjs-database';
import { PrismaClient } from '../apps/shop/dist/generated/prisma/client.js';
import { startBenchPostgres } from './support/bench-postgres.mjs';
import { compete, median, printTimes, ratioWithin } from './support/contest.mjs';
import { startCountingProxy } from './support/counting-proxy.mjs';
import { readArguments, Verdict } from './support/verdict.mjs';

const { rounds, check } = readArguments(15);
const CALLS = 96;
const COUNTED = 30;
const CONNECTIONS = 16;
const NOISE = 0.05;
const BARE = 'three bare transactions';
const SAGA = 'saga, three tx steps';
const LONG_BARE = 'twelve bare transactions';
const LONG = 'saga, twelve tx steps';
const OTHER = 'DBOS, runStep around each';
const STEPS = ['one', 'two', 'three'];
const MANY_STEPS = Array.from({ length: 12 }, (_, index) => `step${index + 1}`);

/** The application under test, at `url`. */
async function startApplication(url) {
  const sagas = [sagaClass('bench', STEPS), sagaClass('bench-long', MANY_STEPS)];
  class Application {}
  Module({
    imports: [
      DatabaseModule.forRoot({
        client: PrismaClient,
        url,
        redis: false,
        env: false,
        pool: { max: CONNECTIONS },
        logging: { mode: 'production' },
        saga: {},
      }),
    ],
    providers: sagas,
  })(Application);
  const app = await NestFactory.createApplicationContext(Application, { logger: ['error', 'warn'] });
  const db = app.get(Database);
  const transactions = app.get(TransactionManager);
  const service = app.get(SagaService);
  const step = (id, name) => transactions.run(() => write(db, id, name));
  const inOrder = async (names) => {
    const id = randomUUID();
    for (const name of names) await step(id, name);
  };
  return {
    app,
    step,
    bare: () => inOrder(STEPS),
    saga: () => service.run(sagas[0], { key: randomUUID(), input: null }),
    longBare: () => inOrder(MANY_STEPS),
    long: () => service.run(sagas[1], { key: randomUUID(), input: null }),
  };
}

const write = (db, id, name) => db.query('INSERT INTO effect (id, step) VALUES ($1, $2)', [id, name]);

function sagaClass(name, steps) {
  class BenchSaga {
    constructor(db) {
      let plan = saga();
      for (const step of steps) {
        const run = ({ key }) => write(db, key, step).then(() => undefined);
        plan = plan.tx(step, { run, undo: () => undefined });
      }
      this.steps = plan.result(() => null);
    }
  }
  Saga(name, { version: 1 })(BenchSaga);
  Reflect.defineMetadata('design:paramtypes', [Database], BenchSaga);
  return BenchSaga;
}

/** Its steps run the same transactions; each is recorded in a statement of its own, after its commit. */
async function startDbos(url) {
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: url,
    systemDatabaseSchemaName: 'dbos',
    systemDatabasePoolSize: CONNECTIONS,
    logLevel: 'error',
  });
  await DBOS.launch();
  return () => workflow();
}

let application;
const workflow = DBOS.registerWorkflow(
  async () => {
    const id = DBOS.workflowID;
    for (const name of STEPS)
      await DBOS.runStep(() => application.step(id, name).then(() => undefined), { name });
    return null;
  },
  { name: 'bench' },
);

const verdict = new Verdict(check);
for (const fsync of ['on', 'off']) {
  const { postgres, stop } = await startBenchPostgres({ fsync });
  try {
    if (fsync === 'on') await count(postgres);
    await time(postgres, `fsync ${fsync}`);
  } finally {
    await stop();
  }
}
verdict.end();

async function count(postgres) {
  const proxy = await startCountingProxy(postgres.url);
  application = await startApplication(proxy.url);
  await createTable(application.app);
  const dbos = await startDbos(proxy.url);
  console.log(`Round trips and commits of one, medians of ${COUNTED}, by a proxy`);
  const contestants = { [BARE]: application.bare, [SAGA]: application.saga, [OTHER]: dbos };
  for (const [name, call] of Object.entries(contestants)) {
    for (let turn = 0; turn < 5; turn++) await call();
    const counted = [];
    for (let turn = 0; turn < COUNTED; turn++) {
      const before = { ...proxy.counts };
      await call();
      // What is sent behind the caller's back belongs to it as well.
      await new Promise((resolve) => setTimeout(resolve, 20));
      counted.push({
        roundTrips: proxy.counts.roundTrips - before.roundTrips,
        commits: proxy.counts.commits - before.commits,
      });
    }
    const roundTrips = median(counted.map((one) => one.roundTrips));
    const commits = median(counted.map((one) => one.commits));
    console.log(`  ${name.padEnd(26)} ${roundTrips} round trips, ${commits} commits`);
    if (name === SAGA) {
      verdict.note('round trips of a saga of three steps', roundTrips, 12, 0);
      verdict.note('commits of a saga of three steps', commits, 5, 0);
    }
  }
  await DBOS.shutdown();
  await application.app.close();
  await proxy.close();
}

/** With `fsync`, as in production, commits are what counts; without it, the work of the two processors. */
async function time(postgres, setting) {
  application = await startApplication(postgres.url);
  await createTable(application.app);
  const dbos = await startDbos(postgres.url);
  const { bare, saga: short, longBare, long } = application;
  for (const concurrency of [1, CONNECTIONS]) {
    await contest(
      { [BARE]: bare, [SAGA]: short, [OTHER]: dbos },
      BARE,
      concurrency,
      `a saga of three steps, ${setting}`,
    );
    await contest(
      { [LONG_BARE]: longBare, [LONG]: long },
      LONG_BARE,
      concurrency,
      `a saga of twelve steps, ${setting}`,
    );
  }
  await DBOS.shutdown();
  await application.app.close();
}

async function contest(contestants, baseline, concurrency, title) {
  const times = await compete(contestants, { rounds, callsPerSlice: CALLS, concurrency });
  console.log(
    `\n${title}, concurrency ${concurrency}, ${rounds} rounds of ${CALLS}; median, and median of the ratios`,
  );
  printTimes(times, baseline);
  const ours = Object.keys(contestants)[1];
  const throughput = ratioWithin(times[baseline].wall, times[ours].wall);
  verdict.noteAtLeast(`${title}, concurrency ${concurrency}, throughput`, throughput, 0.73, NOISE);
}

async function createTable(app) {
  await app
    .get(Database)
    .query(
      'CREATE TABLE IF NOT EXISTS effect (id uuid, step text, at timestamptz DEFAULT now(), PRIMARY KEY (id, step))',
    );
}

// The sagas of the crash tests: each kind of step in each place, and each way in which a saga can end.
import { setImmediate as turn } from 'node:timers/promises';
import { Inject } from '@nestjs/common';
import { Database, Saga, executeSaga, saga } from '../../../libs/database/dist/index.js';

/** Nothing but a signal ends an attempt. */
const SLOW = { timeoutMs: 120_000, initialDelayMs: 1, undoPolicy: { timeoutMs: 120_000, initialDelayMs: 1 } };

/** The handlers of a step in the database: a second time shows in the table. */
const writes = (db, name, more = {}) => ({
  ...SLOW,
  ...more,
  run: async ({ key, input }) => {
    await db.query('INSERT INTO effect (key, what) VALUES ($1, $2)', [key, `do ${name}`]);
    if (input.fails === name) throw new TypeError(`${name} fails`);
    return name;
  },
});
const takesBack = (db, name) => ({
  undo: async ({ key }) => {
    await db.query('INSERT INTO effect (key, what) VALUES ($1, $2)', [key, `undo ${name}`]);
  },
});

/** The handlers of a step in another system, which `tell` is the wire to. */
const calls = (tell, more = {}) => ({
  ...SLOW,
  ...more,
  run: async ({ idempotencyKey }) => {
    await tell(idempotencyKey);
    await turn();
    return 'called';
  },
});
const callsBack = (tell) => ({
  undo: async ({ idempotencyKey }) => {
    await tell(idempotencyKey);
    await turn();
  },
});

/** @param tell - hands a key to the other system */
export function journeySagas(tell) {
  /** Ends with a transaction, which takes the end along. */
  class Journey {
    constructor(db) {
      this.steps = saga()
        .tx('hotel', { ...writes(db, 'hotel'), ...takesBack(db, 'hotel') })
        .call('flight', { ...calls(tell), ...callsBack(tell) })
        .parallel(
          (group) =>
            group
              .tx('meal', { ...writes(db, 'meal'), ...takesBack(db, 'meal') })
              .call('seat', { ...calls(tell), ...callsBack(tell) }),
          { undo: 'reverse' },
        )
        .tx('pay', writes(db, 'pay', { pivot: true, attempts: 1 }))
        .call('mail', calls(tell))
        .tx('archive', writes(db, 'archive'))
        .result(({ out }) => out.archive);
    }
  }
  /** Ends with a call. */
  class Errand {
    constructor() {
      this.steps = saga()
        .call('go', { ...calls(tell), ...callsBack(tell) })
        .result(({ out }) => out.go);
    }
  }
  /** The same saga with one step more. */
  class LongerErrand {
    constructor() {
      this.steps = saga()
        .call('go', { ...calls(tell), ...callsBack(tell) })
        .call('return', { ...calls(tell), ...callsBack(tell) })
        .result(({ out }) => out.return);
    }
  }
  /** Whoever runs it dies of it. */
  class Poison {
    constructor() {
      this.steps = saga()
        .call('kill', { run: () => process.kill(process.pid, 'SIGKILL'), irreversible: true })
        .result(() => 'survived');
    }
  }
  /** Ends with a group. */
  class Party {
    constructor(db) {
      this.steps = saga()
        .parallel((group) =>
          group
            .tx('cake', { ...writes(db, 'cake'), ...takesBack(db, 'cake') })
            .call('band', { ...calls(tell), ...callsBack(tell) }),
        )
        .result(({ out }) => out.cake);
    }
  }
  const define = (type, name, { version = 1, maxRecoveries = 1_000 } = {}) => {
    Saga(name, { version, maxRecoveries })(type);
    if (type.length > 0) Inject(Database)(type, undefined, 0);
    return type;
  };
  return {
    journey: define(Journey, 'journey'),
    party: define(Party, 'party'),
    errand: define(Errand, 'errand'),
    'errand-2': define(LongerErrand, 'errand', { version: 2 }),
    poison: define(Poison, 'poison', { maxRecoveries: 2 }),
    /** As it must not be done: other steps under the same version. */
    'errand-1-changed': define(class extends LongerErrand {}, 'errand'),
  };
}

/** The same journey as many write it: in the memory of the process. */
export async function naiveJourney(db, tell, { key, input }) {
  const step = (name, kind) => {
    const context = { key, input, idempotencyKey: `naive:${key}:${name}:do` };
    const back = { key, idempotencyKey: `naive:${key}:${name}:undo` };
    const handlers =
      kind === 'tx'
        ? { ...writes(db, name), ...takesBack(db, name) }
        : { ...calls(tell), ...callsBack(tell) };
    return { name, execute: () => handlers.run(context), compensate: () => handlers.undo(back) };
  };
  await executeSaga([step('hotel', 'tx'), step('flight', 'call'), step('pay', 'tx')]);
}

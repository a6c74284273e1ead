import { PermanentError } from '../../../errors/permanent.error.js';
import { setTimeout as delay } from 'node:timers/promises';
import { endingOf } from '../member.js';
import { eventually, refused, same } from '../conformance-checks.js';
import type { Scene } from '../scene.js';
import { all, STRAIGHT, type SceneCase } from '../scenes.js';
import { call, final, tx, withOptions } from '../script.js';
import { SHORT_LEASE_MS } from './crash-points.js';

const NAMES = ['reserve', 'charge', 'book', 'confirm'];
const UNDONE = { ...all(NAMES, 'undone'), confirm: 'nothing' };
const MANY = 120;
const MANY_STEPS = 60;
const STEP_MS = 10;

/** Instances that die, stall, or lose their store. */
export const RECOVERY: readonly SceneCase[] = [
  {
    requirement: 'R20',
    title: 'is run by one of many instances that look for sagas at the same time',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip], executes: false });
      const keys = Array.from({ length: 12 }, (_, index) => `a${index}`);
      for (const key of keys) await one.enqueue(trip, key);
      const others = await Promise.all([1, 2, 3].map(() => scene.open({ definitions: [trip] })));
      for (const [index, key] of keys.entries())
        same('It is completed', (await others[index % 3]!.end(trip, key)).state, 'completed');
      for (const key of keys)
        same(
          'Each step is called once',
          scene.called(key),
          NAMES.map((name) => `${name} do`),
        );
      same(
        'By none that was not to run any',
        scene.visits.filter(({ member }) => member === one),
        [],
      );
    },
  },
  ...(
    [
      ['a `tx` step', 'book do', false],
      ['a call', 'charge do', false],
      ['an undo', 'reserve undo', true],
    ] as const
  ).map(([what, handler, fails]): SceneCase => ({
    requirement: 'R21',
    title: `C12: commits nothing of ${what} any more when its owner was stalled past its lease, and stops there`,
    needs: ['durable'],
    play: (scene) => playStall(scene, handler, fails),
  })),
  ...[false, true].map((fails): SceneCase => ({
    requirement: 'R22',
    title: `is ${fails ? 'taken back' : 'completed'} with each effect once, whichever answer of the store is lost`,
    needs: ['durable'],
    play: (scene) => playLostAnswers(scene, fails),
  })),
  {
    requirement: 'R23',
    title: 'takes nothing back because its store is away, for longer than its lease, and goes on afterwards',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define(
        'trip',
        withOptions(withOptions(STRAIGHT, 'book', { attempts: 1 }), 'charge', { attempts: 1 }),
      );
      const one = await scene.open({ definitions: [trip], leaseMs: SHORT_LEASE_MS });
      for (const [key, place] of Object.entries({ call: 'charge do', tx: 'book do' })) {
        let isAway = false;
        scene.before(key, place, () => {
          if (!isAway) one.line.break('away');
          isAway = true;
        });
        const end = one.end(trip, key);
        await eventually('The step is reached', () => isAway);
        // What is shown is that nothing happens, for several leases.
        await delay(3 * SHORT_LEASE_MS);
        await one.line.mend();
        same('It is completed', (await end).state, 'completed');
        same('Each effect is there once', await scene.standing(trip, key), all(NAMES, 'done'));
      }
      same(
        'Nothing was taken back',
        scene.visits.filter(({ direction }) => direction === 'undo'),
        [],
      );
    },
  },
  {
    requirement: 'R23',
    title:
      'takes nothing back because a connection is lost in the middle of a step, which is no attempt of it',
    needs: ['durable', 'exactlyOnceSteps'],
    async play(scene) {
      const trip = scene.define('trip', withOptions(STRAIGHT, 'book', { attempts: 1 }));
      const one = await scene.open({ definitions: [trip], executes: false });
      scene.after('a', 'book do', async () => {
        scene.clear('a', 'book do');
        one.line.break('away');
        await one.line.mend();
        await scene.effectsOf(one).write('beside it');
      });
      same('It is completed', (await one.end(trip, 'a')).state, 'completed');
      same('Each effect is there once', await scene.standing(trip, 'a'), all(NAMES, 'done'));
    },
  },
  {
    requirement: 'R24',
    title: 'stops no other saga, whether it never ends or is dead; all that wait are found, however many',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define('trip', [final(tx('only'))]);
      const poison = scene.define('poison', [
        call('charge', { undoPolicy: { attempts: 1 } }),
        final(tx('confirm')),
      ]);
      const one = await scene.open({ definitions: [trip, poison], executes: false });
      scene.before('stuck', 'charge do', () => scene.never);
      scene.before('dead', 'confirm do', permanently);
      scene.before('dead', 'charge undo', permanently);
      for (const key of ['stuck', 'dead']) await one.enqueue(poison, key);
      await one.transactions.run(async () => {
        for (let index = 0; index < MANY; index += 1) await one.enqueue(trip, `a${index}`);
      });
      const two = await scene.open({ definitions: [trip, poison] });
      const ended = () => two.sagas.list({ name: trip.name, state: 'completed', limit: 1_000 });
      await eventually('All are completed', async () => (await ended()).length === MANY);
      same(
        'One step was called for each',
        scene.visits.filter(({ saga }) => saga === trip.name).length,
        MANY,
      );
      same('The stuck one is where it was', (await two.snapshot(poison, 'stuck')).state, 'running');
      await eventually(
        'The other one is dead',
        async () => (await two.snapshot(poison, 'dead')).state === 'dead',
      );
    },
  },
  {
    requirement: 'R25',
    title:
      'is dead when it was taken over too often; the count is not lost with its owners, and it may be retried',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT, { maxRecoveries: 2 });
      scene.before('a', 'book do', ({ member }) => {
        member.crash();
      });
      for (let owner = 0; owner < 3; owner += 1) {
        const member = await scene.open({ definitions: [trip], leaseMs: SHORT_LEASE_MS });
        if (owner === 0) void member.start(trip, 'a');
        await eventually('The instance dies of it', () => member.isDead);
      }
      const last = await scene.open({ definitions: [trip] });
      const { state, error } = await last.end(trip, 'a');
      same('It is dead', state, 'dead');
      const cause: unknown = Reflect.get(error ?? {}, 'cause');
      same('Its cause says why', Reflect.get(Object(cause) as object, 'code'), 'SAGA_RECOVERY_LIMIT');
      same(
        'Its last owner has called nothing',
        scene.visits.filter(({ member }) => member === last),
        [],
      );
      same('The takeovers are counted', (await last.snapshot(trip, 'a')).recoveries >= 2, true);
      scene.clear('a', 'book do');
      await last.sagas.retryDead(trip.name, 'a');
      same('It is completed when it is retried', (await last.end(trip, 'a')).state, 'completed');
      same('Each effect is there once', await scene.standing(trip, 'a'), all(NAMES, 'done'));
    },
  },
  {
    requirement: 'R26',
    title:
      'is handed back after the step that is under way when its instance shuts down, and taken up at once',
    needs: ['durable'],
    async play(scene) {
      // Of so many steps, and so slow ones, that the shutdown comes in the middle.
      const names = Array.from({ length: MANY_STEPS }, (_, index) => `step-${index}`);
      const trip = scene.define(
        'trip',
        names.map((name) => tx(name)),
      );
      const one = await scene.open({ definitions: [trip] });
      scene.everywhere = (phase) => (phase === 'before' ? delay(STEP_MS) : undefined);
      const end = one.start(trip, 'a');
      await eventually('It has begun', () => scene.visits.length > 1);
      await one.close();
      await refused('Who waits for it there is told', end, 'SHUTTING_DOWN');
      const before = scene.visits.length;
      const two = await scene.open({ definitions: [trip] });
      // Its lease would last longer than anybody waits.
      same('It is completed', (await two.end(trip, 'a')).state, 'completed');
      const expected = names.map((name) => `${name} do`);
      same('The step under way was finished, and none is done again', scene.called('a'), expected);
      same('The rest is done by the other instance', before < MANY_STEPS, true);
      same('It is no takeover', (await two.snapshot(trip, 'a')).recoveries, 0);
    },
  },
  {
    requirement: 'R27',
    title: 'is refused at the start when its steps have changed under the same version',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      await one.end(trip, 'a');
      const changed = STRAIGHT.slice(1);
      const start = scene.open({ definitions: [{ ...trip, script: changed }] });
      await refused('It is refused', start, 'SAGA_DEFINITION_CHANGED');
      await scene.open({ definitions: [trip, { ...trip, script: changed, version: 2 }] });
    },
  },
  {
    requirement: 'R28',
    title:
      'R27: leaves alone what is of a version that it does not know, shows it, and goes on with the rest',
    needs: ['durable'],
    async play(scene) {
      const older = scene.define('trip', STRAIGHT);
      const newer = {
        ...older,
        version: 2,
        script: [...STRAIGHT.slice(0, 3), tx('more'), final(tx('confirm'))],
      };
      const next = await scene.open({ definitions: [newer], executes: false });
      await next.enqueue(newer, 'new');
      const old = await scene.open({ definitions: [older] });
      for (const key of ['a', 'b']) {
        await old.enqueue(older, key);
        same('Its own are completed', (await old.end(older, key)).state, 'completed');
      }
      const orphans = await old.sagas.list({ orphaned: true, name: older.name });
      const seen = orphans.map(({ key, state, orphaned, version }) => ({ key, state, orphaned, version }));
      same('The other one is shown', seen, [{ key: 'new', state: 'running', orphaned: true, version: 2 }]);
      same('To those who know it is none', await next.sagas.list({ orphaned: true, name: older.name }), []);
      same('It was not begun', scene.called('new'), []);
      const both = await scene.open({ definitions: [older, newer] });
      same('Who knows it completes it', (await both.end(newer, 'new')).state, 'completed');
    },
  },
];

async function playStall(scene: Scene, handler: string, fails: boolean): Promise<void> {
  const trip = scene.define('trip', STRAIGHT);
  const one = await scene.open({ definitions: [trip], leaseMs: SHORT_LEASE_MS, executes: false });
  if (fails) scene.before('a', 'confirm do', permanently);
  const held = scene.gate('a', handler);
  const end = one.start(trip, 'a');
  await held.reached;
  one.line.break('stall');
  const two = await scene.open({ definitions: [trip] });
  const state = fails ? 'compensated' : 'completed';
  same('Another instance ends it', (await two.end(trip, 'a')).state, state);
  const before = scene.visits.length;
  await one.line.mend();
  held.open();
  same(
    'Who has waited for it hears of its end',
    (await endingOf('Its first owner hears of the end', end)).state,
    state,
  );
  same('Its first owner has called nothing more', scene.visits.length, before);
  same('Each effect is there once', await scene.standing(trip, 'a'), fails ? UNDONE : all(NAMES, 'done'));
}

async function playLostAnswers(scene: Scene, fails: boolean): Promise<void> {
  const trip = scene.define('trip', STRAIGHT, { maxRecoveries: 1_000 });
  const one = await scene.open({ definitions: [trip], executes: false });
  const run = async (key: string) => {
    if (fails) scene.before(key, 'confirm do', permanently);
    return (await one.end(trip, key)).state;
  };
  await run('model');
  const points = scene.events.filter(({ point }) => point !== 'beat').length;
  // The way to there is the same for both.
  const first = fails ? scene.events.findIndex(({ state }) => state === 'compensating') : 0;
  for (let lost = first; lost < points; lost += 1) {
    const key = `a${lost}`;
    let seen = 0;
    scene.onPoint = (event) => {
      if (event.key !== key || event.point === 'beat') return;
      if (seen === lost) one.line.break('lost-answer');
      seen += 1;
    };
    const what = `The answer after point ${lost + 1} of ${points} is lost`;
    same(`${what}: it comes to its end`, await run(key), fails ? 'compensated' : 'completed');
    await one.line.mend();
    same(
      `${what}: each effect is there once`,
      await scene.standing(trip, key),
      fails ? UNDONE : all(NAMES, 'done'),
    );
  }
}

function permanently(): never {
  throw new PermanentError('no seat');
}

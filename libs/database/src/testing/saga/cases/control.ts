import { setTimeout as delay } from 'node:timers/promises';
import { eventually, has, refused, same } from '../conformance-checks.js';
import type { SceneCase } from '../scenes.js';
import { PIVOTED, STRAIGHT } from '../scenes.js';
import { withOptions } from '../script.js';
import { fail } from '../step-failure.js';

const DEADLINES_MS = [500, 2_000, 8_000];

/** What those do who look after sagas. */
export const CONTROL: readonly SceneCase[] = [
  {
    requirement: 'R29',
    title: 'is taken back when its deadline passes before its pivot',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT, { deadlineMs: 400 });
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'charge do', () => delay(500));
      const { state, error } = await one.end(trip, 'a');
      same('It is taken back', state, 'compensated');
      has('Its cause says why', Reflect.get(error ?? {}, 'cause'), { code: 'SAGA_STOPPED', why: 'late' });
      same('No later step was begun', scene.visitsOf('a', 'book do'), []);
    },
  },
  {
    requirement: 'R29',
    title:
      'is dead when its deadline passes behind its pivot and a step fails, which is not repeated any more',
    async play(scene) {
      const often = withOptions(PIVOTED, 'notify', { attempts: 1_000 });
      const trips = DEADLINES_MS.map((deadlineMs) =>
        scene.define(`trip-${deadlineMs}`, often, { deadlineMs }),
      );
      const one = await scene.open({ definitions: trips });
      let tried = 0;
      scene.before('a', 'notify do', async () => {
        await delay(trips[tried]?.deadlineMs);
        fail('closed')();
      });
      let end = await one.end(trips[tried]!, 'a');
      // A machine that was too busy to come to the pivot in time is given more of it.
      while (scene.visitsOf('a', 'notify do').length === 0 && tried + 1 < trips.length) {
        scene.visits.length = 0;
        tried += 1;
        end = await one.end(trips[tried]!, 'a');
      }
      same('It is dead', end.state, 'dead');
      same('The step was not repeated', scene.visitsOf('a', 'notify do').length, 1);
      same(
        'Nothing was taken back',
        scene.visits.filter(({ direction }) => direction === 'undo'),
        [],
      );
    },
  },
  {
    requirement: 'R30',
    title: 'is taken back before its next step when it is cancelled; its undos do not care',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      same('There is nothing to be cancelled', await one.sagas.cancel(trip.name, 'a'), false);
      scene.before('a', 'charge do', async () => {
        same('A running saga is', await one.sagas.cancel(trip.name, 'a'), true);
      });
      const { state, error } = await one.end(trip, 'a');
      same('It is taken back', state, 'compensated');
      has('Its cause says why', Reflect.get(error ?? {}, 'cause'), {
        code: 'SAGA_STOPPED',
        why: 'cancelled',
      });
      const expected = ['reserve do', 'charge do', 'charge undo', 'reserve undo'];
      same('The step under way was finished, and no other begun', scene.called('a'), expected);
      same('Its end is no running saga', await one.sagas.cancel(trip.name, 'a'), false);
    },
  },
  {
    requirement: 'R30',
    title: 'goes on behind its pivot, cancelled or not',
    async play(scene) {
      const trip = scene.define('trip', PIVOTED);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'notify do', async () => {
        await one.sagas.cancel(trip.name, 'a');
      });
      same('It is completed', (await one.end(trip, 'a')).state, 'completed');
    },
  },
  {
    requirement: 'R30',
    title: 'is taken back when another instance cancels it',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      const two = await scene.open({ definitions: [trip] });
      scene.before('a', 'charge do', async () => {
        same('It is found there', await two.sagas.cancel(trip.name, 'a'), true);
      });
      same('It is taken back', (await one.end(trip, 'a')).state, 'compensated');
      const { error } = await two.end(trip, 'a');
      has('Who was not there is told why', Reflect.get(error ?? {}, 'cause'), { why: 'cancelled' });
      same('No later step was begun', scene.visitsOf('a', 'book do'), []);
    },
  },
  {
    requirement: 'R31',
    title:
      'goes on where it was when it is retried, forward behind its pivot and back before it, and in no other direction',
    async play(scene) {
      const trip = scene.define('trip', PIVOTED);
      const one = await scene.open({ definitions: [trip] });
      scene.before('forward', 'notify do', fail('closed'));
      scene.before('back', 'confirm do', fail('no seat'));
      scene.before('back', 'charge undo', fail('closed'));
      for (const key of ['forward', 'back']) same('It is dead', (await one.end(trip, key)).state, 'dead');
      const wrong = { forward: 'back', back: 'forward' } as const;
      for (const [key, direction] of Object.entries(wrong))
        await refused('It is refused', one.sagas.retryDead(trip.name, key, { direction }), 'SAGA_STATE');
      scene.clear('forward', 'notify do');
      scene.clear('back', 'charge undo');
      for (const key of ['forward', 'back']) await one.sagas.retryDead(trip.name, key, { note: 'mended' });
      same('It is completed', (await one.end(trip, 'forward')).state, 'completed');
      same('The other one is taken back', (await one.end(trip, 'back')).state, 'compensated');
      const { audit } = await one.snapshot(trip, 'forward');
      const done = audit.map(({ action, note }) => ({ action, note }));
      same('What was done about it is kept', done, [{ action: 'retried', note: 'mended' }]);
      same('What was taken back is not taken back again', scene.visitsOf('back', 'reserve undo').length, 1);
      await refused('It is not dead any more', one.sagas.retryDead(trip.name, 'forward'), 'SAGA_STATE');
      await refused('There is none', one.sagas.retryDead(trip.name, 'nobody'), 'SAGA_NOT_FOUND');
    },
  },
  {
    requirement: 'R31',
    title: 'is closed by hand when it is dead, and never otherwise',
    async play(scene) {
      const trip = scene.define('trip', PIVOTED);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'notify do', fail('closed'));
      await one.end(trip, 'a');
      await one.end(trip, 'b');
      await refused('There is none', one.sagas.resolveDead(trip.name, 'nobody', 'x'), 'SAGA_NOT_FOUND');
      await refused('It is not dead', one.sagas.resolveDead(trip.name, 'b', 'x'), 'SAGA_STATE');
      await one.sagas.resolveDead(trip.name, 'a', 'written a letter');
      const { state, audit } = await one.snapshot(trip, 'a');
      same('It is closed', state, 'compensated');
      const done = audit.map(({ action, note }) => ({ action, note }));
      same('What was done about it is kept', done, [{ action: 'resolved', note: 'written a letter' }]);
      const { error } = await one.end(trip, 'a');
      has('It is not said to have left nothing', error, {
        outcome: 'unknown',
        resolution: 'written a letter',
      });
      await refused('It is closed once', one.sagas.resolveDead(trip.name, 'a', 'x'), 'SAGA_STATE');
    },
  },
  {
    requirement: 'R32',
    title: 'shows its state, its steps, their attempts, errors and times',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'book do', fail('no room'));
      await one.end(trip, 'a', { from: 'x' });
      const { steps, createdAt, finishedAt, error, ...rest } = await one.snapshot(trip, 'a');
      has('The saga', rest, { name: trip.name, version: 1, key: 'a', state: 'compensated', orphaned: false, input: { from: 'x' }, failedStep: 'book' }); // prettier-ignore
      has('Its error', error, { message: 'no room' });
      same('Its end is not before its start', (finishedAt ?? new Date(0)) >= createdAt, true);
      const brief = steps.map(
        ({ step, direction, state, attempts }) => `${step} ${direction} ${state} ${attempts}`,
      );
      const expected = ['reserve do done 1', 'charge do done 1', 'book do failed 2', 'charge undo done 1', 'reserve undo done 1']; // prettier-ignore
      same('Its steps, in the order of their starts', brief, expected);
      same('What they have returned', steps.map(({ output }) => output).slice(0, 2), [
        'reserve of a',
        'charge of a',
      ]);
      has('Why one has failed', steps[2]?.error, { message: 'no room' });
      for (const { startedAt, finishedAt: end } of steps)
        same('No step ends before it starts', end !== undefined && end >= startedAt, true);
    },
  },
  {
    requirement: 'R32',
    title: 'is found by state, name, failed step and idle time, a page at a time',
    async play(scene) {
      const trip = scene.define('trip', PIVOTED);
      const other = scene.define('other', STRAIGHT);
      const one = await scene.open({ definitions: [trip, other] });
      for (const key of ['a', 'b', 'c']) await one.end(trip, key);
      scene.before('d', 'notify do', fail('closed'));
      await one.end(trip, 'd');
      await one.end(other, 'e');
      const { name } = trip;
      const keys = async (filter: Parameters<typeof one.sagas.list>[0]) =>
        (await one.sagas.list(filter)).map(({ key }) => key);
      same('By name, in their order', await keys({ name }), ['a', 'b', 'c', 'd']);
      same('By state', await keys({ name, state: 'dead' }), ['d']);
      same('By one of several states', await keys({ name, state: ['running', 'completed'] }), [
        'a',
        'b',
        'c',
      ]);
      same('By the step that has failed', await keys({ name, failedStep: 'notify' }), ['d']);
      same('By the time that nothing has happened', await keys({ name, idleForMs: 60_000 }), []);
      const page = await one.sagas.list({ name, limit: 2 });
      same(
        'The first page',
        page.map(({ key }) => key),
        ['a', 'b'],
      );
      same('The next one', await keys({ name, limit: 2, after: page[1]?.id }), ['c', 'd']);
    },
  },
  {
    requirement: 'R34',
    title: 'is forgotten some time after its end, with its key, and never when it is dead',
    needs: ['retention'],
    async play(scene) {
      const trip = scene.define('trip', PIVOTED);
      const one = await scene.open({ definitions: [trip], retentionMs: 1_000 });
      scene.before('dead', 'notify do', fail('closed'));
      await one.end(trip, 'dead');
      await one.end(trip, 'old');
      await eventually('It is forgotten', async () => (await one.sagas.get(trip.name, 'old')) === null);
      same('The dead one is not', (await one.snapshot(trip, 'dead')).state, 'dead');
      same('The key is free again', (await one.end(trip, 'old')).state, 'completed');
      same('So it is run once more', scene.visitsOf('old', 'reserve do').length, 2);
    },
  },
];

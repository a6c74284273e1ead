import { has, refused, rejection, same } from '../conformance-checks.js';
import { fail } from '../step-failure.js';
import { all, STRAIGHT, type SceneCase } from '../scenes.js';

const NAMES = ['reserve', 'charge', 'book', 'confirm'];
const FORWARD = NAMES.map((name) => `${name} do`);

/** One saga for each key. */
export const IDENTITY: readonly SceneCase[] = [
  {
    requirement: 'R1',
    title: 'runs once for a key; whoever runs it again gets the result of the first',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      const both = await Promise.all([one.end(trip, 'a', { n: 1 }), one.end(trip, 'a', { n: 1 })]);
      const later = await one.end(trip, 'a', { n: 1 });
      const result = Object.fromEntries(NAMES.map((name) => [name, `${name} of a`]));
      same('All three end the same', [...both, later], Array(3).fill({ state: 'completed', result }));
      same('Each step runs once', scene.called('a'), FORWARD);
      same('Each effect is there once', await scene.standing(trip, 'a'), all(NAMES, 'done'));
    },
  },
  {
    requirement: 'R1',
    title: 'gives the failure of the first to whoever runs it again',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'confirm do', fail('no seat'));
      for (let run = 0; run < 2; run += 1) {
        const { state, error } = await one.end(trip, 'a');
        same('It ends compensated', state, 'compensated');
        has('Its failure says where', error, { step: 'confirm', key: 'a', saga: trip.name });
      }
      same('The step was tried as often as its policy says', scene.visitsOf('a', 'confirm do').length, 2);
    },
  },
  {
    requirement: 'R1',
    title: 'runs once for a key that two applications run at the same time; both get its result',
    needs: ['sharedKeys'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const members = [await scene.open({ definitions: [trip] }), await scene.open({ definitions: [trip] })];
      const [first, second] = await Promise.all(members.map((member) => member.end(trip, 'a')));
      same('Both end the same', first, second);
      same('Each step runs once', scene.called('a'), FORWARD);
    },
  },
  {
    requirement: 'R2',
    title: 'refuses a key that belongs to a saga with another input, whatever the order of its properties',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      await one.end(trip, 'a', { from: 'x', to: 'y' });
      same(
        'The same input in another order is the same',
        (await one.end(trip, 'a', { to: 'y', from: 'x' })).state,
        'completed',
      );
      await refused('Another input is refused', one.start(trip, 'a', { from: 'x' }), 'SAGA_KEY_CONFLICT');
      await refused('So it is when it is enqueued', one.enqueue(trip, 'a', null), 'SAGA_KEY_CONFLICT');
      same('Nothing was run for it', scene.called('a'), FORWARD);
    },
  },
  {
    requirement: 'R3',
    title: 'begins an enqueued saga with the commit of the caller, and not before',
    needs: ['joinsTransactions'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      await one.transactions.run(async () => {
        await one.enqueue(trip, 'a');
        await one.enqueue(trip, 'b');
        same('Nothing has begun inside of the transaction', scene.visits, []);
      });
      same('The first is run', (await one.end(trip, 'a')).state, 'completed');
      same('The second is run', (await one.end(trip, 'b')).state, 'completed');
      same('Once each', scene.called('a'), FORWARD);
    },
  },
  {
    requirement: 'R3',
    title: 'leaves nothing of a saga whose transaction is rolled back',
    needs: ['joinsTransactions'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      const rolledBack = one.transactions.run(async () => {
        await one.enqueue(trip, 'gone');
        fail('rolled back')();
      });
      await rejection('The transaction fails', rolledBack);
      same('There is no such saga', await one.sagas.get(trip.name, 'gone'), null);
      same('A later one is run', (await one.end(trip, 'kept')).state, 'completed');
      same('And the other one never was', scene.called('gone'), []);
    },
  },
  {
    requirement: 'R4',
    title: 'refuses an input that would come back as something else, before anything is begun',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      for (const input of [{ at: new Date(0) }, { count: 1n }, { made: Number.NaN }])
        await refused('It is refused', one.start(trip, 'a', input), 'VALIDATION');
      same('There is no such saga', await one.sagas.get(trip.name, 'a'), null);
      same('No step was run', scene.visits, []);
    },
  },
  {
    requirement: 'R4',
    title: 'fails a step with an output that would come back as something else, and leaves nothing of it',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.after('tx', 'book do', () => ({ at: new Date(0) }));
      scene.after('call', 'charge do', () => new Map([[1, 2]]));
      for (const [key, step] of [
        ['tx', 'book'],
        ['call', 'charge'],
      ] as const) {
        const { state, error } = await one.end(trip, key);
        same('It is taken back', state, 'compensated');
        has('Its failure says why', error, { step });
        has('So does its cause', Reflect.get(error ?? {}, 'cause'), { code: 'SAGA_OUTPUT' });
      }
      const nothing = { confirm: 'nothing', book: 'nothing' };
      const standing = { reserve: 'undone', charge: 'undone' };
      same('The transaction was rolled back', await scene.standing(trip, 'tx'), { ...standing, ...nothing });
      same('The call was taken back', await scene.standing(trip, 'call'), { ...standing, ...nothing });
    },
  },
];

import { saga } from '../../../saga/saga-builder.js';
import { eventually, has, rejection, same } from '../conformance-checks.js';
import { all, GROUPED, PIVOTED, STRAIGHT, type SceneCase } from '../scenes.js';
import { call, final, group, tx, withOptions } from '../script.js';
import { fail, failTimes } from '../step-failure.js';

/** The way back. */
export const COMPENSATION: readonly SceneCase[] = [
  {
    requirement: 'R11',
    title: 'takes a call for one of unknown outcome whose time is up, and takes it back',
    async play(scene) {
      const trip = scene.define('trip', withOptions(STRAIGHT, 'charge', { timeoutMs: 150, attempts: 1 }));
      const one = await scene.open({ definitions: [trip] });
      // It comes through, and its answer does not.
      scene.after('a', 'charge do', () => scene.never);
      same('It is taken back', (await one.end(trip, 'a')).state, 'compensated');
      const outputs = scene.visitsOf('a', 'charge undo').map(({ output }) => output);
      same('Its undo is called, without a result', outputs, [undefined]);
      const standing = { reserve: 'undone', charge: 'undone', book: 'nothing', confirm: 'nothing' };
      same('Nothing is left of it', await scene.standing(trip, 'a'), standing);
    },
  },
  {
    requirement: 'R12',
    title: 'takes back a call whose outcome is unknown, and no transaction that was rolled back',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.after('call', 'charge do', fail('no answer'));
      scene.after('tx', 'book do', fail('no room'));
      for (const key of ['call', 'tx'])
        same('It is taken back', (await one.end(trip, key)).state, 'compensated');
      const unknown = scene.visitsOf('call', 'charge undo').map(({ output }) => output);
      same('The undo of the call gets no result', unknown, [undefined]);
      const known = scene.visitsOf('tx', 'charge undo').map(({ output }) => output);
      same('That of a call that was done gets it', known, ['charge of tx']);
      same('The transaction has nothing to be taken back', scene.visitsOf('tx', 'book undo'), []);
    },
  },
  {
    requirement: 'R13',
    title: 'takes steps back in the reverse order of their starts, each with what it has returned',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'confirm do', fail('no seat'));
      const { state, error } = await one.end(trip, 'a');
      same('It is taken back', state, 'compensated');
      has('Its failure lists them', error, {
        compensated: ['book', 'charge', 'reserve'],
        failed: [],
        step: 'confirm',
      });
      const undone = scene.visits.filter(({ direction }) => direction === 'undo');
      const expected = ['book', 'charge', 'reserve'].map((step) => [step, `${step} of a`]);
      same(
        'That is their order',
        undone.map(({ step, output }) => [step, output]),
        expected,
      );
      same('Nothing is left', await scene.standing(trip, 'a'), {
        ...all(['reserve', 'charge', 'book'], 'undone'),
        confirm: 'nothing',
      });
    },
  },
  {
    requirement: 'R13',
    title: 'takes the steps of a group back at the same time, or one after the other where that is asked for',
    async play(scene) {
      const members = [call('charge'), tx('book'), call('insure')];
      const end = final(tx('confirm'));
      const together = scene.define('together', [tx('reserve'), group(members), end]);
      const inTurn = scene.define('in-turn', [tx('reserve'), group(members, 'reverse'), end]);
      const one = await scene.open({ definitions: [together, inTurn] });
      const steps = ['charge', 'book', 'insure'];
      let waiting = 0;
      for (const step of steps)
        scene.before('together', `${step} undo`, async () => {
          waiting += 1;
          await eventually('All of a group are taken back at the same time', () => waiting === 3);
        });
      for (const key of ['together', 'in turn']) scene.before(key, 'confirm do', fail('no seat'));
      same('It is taken back', (await one.end(together, 'together')).state, 'compensated');
      let underWay = 0;
      for (const step of steps) {
        scene.before('in turn', `${step} undo`, () => void (underWay += 1));
        scene.after('in turn', `${step} undo`, () => {
          same('One is taken back at a time', underWay, 1);
          underWay -= 1;
        });
      }
      const { state, error } = await one.end(inTurn, 'in turn');
      same('So is the other one', state, 'compensated');
      const recorded = (await one.snapshot(inTurn, 'in turn')).steps.filter(
        ({ direction }) => direction === 'do',
      );
      const started = recorded.map(({ step }) => step).filter((step) => steps.includes(step));
      same('In the reverse order of the starts', Reflect.get(error ?? {}, 'compensated'), [
        ...started.toReversed(),
        'reserve',
      ]);
    },
  },
  {
    requirement: 'R14',
    title: 'tries an undo as often as its own policy says, more often than the step where it says nothing',
    async play(scene) {
      const own = withOptions(STRAIGHT, 'charge', {
        undoPolicy: { attempts: 6, initialDelayMs: 1, maxDelayMs: 2 },
      });
      const trip = scene.define(
        'trip',
        withOptions(own, 'reserve', { undoPolicy: { initialDelayMs: 1, maxDelayMs: 2 } }),
      );
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'book do', fail('no room'));
      scene.before('a', 'charge undo', failTimes(5, 'busy'));
      scene.before('a', 'reserve undo', failTimes(4, 'busy'));
      same('All is taken back in the end', (await one.end(trip, 'a')).state, 'compensated');
      same('The call in six attempts', scene.visitsOf('a', 'charge undo').length, 6);
      same('The transaction in five', scene.visitsOf('a', 'reserve undo').length, 5);
    },
  },
  {
    requirement: 'R15',
    title:
      'is dead when an undo fails for good, and never compensated; the others are taken back all the same',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'confirm do', fail('no seat'));
      scene.before('a', 'charge undo', fail('closed'));
      const { state, error } = await one.end(trip, 'a');
      same('It is dead', state, 'dead');
      has('What was taken back is listed', error, { compensated: ['book', 'reserve'], step: 'confirm' });
      const failed = (Reflect.get(error ?? {}, 'failed') ?? []) as { step: string; error: Error }[];
      same(
        'So is what was not',
        failed.map(({ step, error: why }) => [step, why.message]),
        [['charge', 'closed']],
      );
      same('It was tried as often as its policy says', scene.visitsOf('a', 'charge undo').length, 3);
      same('It is recorded as dead', (await one.snapshot(trip, 'a')).state, 'dead');
      const standing = { reserve: 'undone', charge: 'done', book: 'undone', confirm: 'nothing' };
      same('Only that one is left', await scene.standing(trip, 'a'), standing);
    },
  },
  {
    requirement: 'R16',
    title:
      'tells its caller what has failed, where, and what was done about it; what an undo fails with hides nothing',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'book do', fail('no room'));
      scene.before('a', 'reserve undo', fail('closed'));
      const { error } = await one.end(trip, 'a');
      has('It is a SagaFailedError', error, {
        name: 'SagaFailedError',
        code: 'SAGA_FAILED',
        saga: trip.name,
        key: 'a',
      });
      has('Its cause is what the step has thrown', Reflect.get(error ?? {}, 'cause'), { message: 'no room' });
      has('Whether anything is left is said', error, {
        outcome: 'unknown',
        state: 'dead',
        compensated: ['charge'],
      });
    },
  },
  {
    requirement: 'R17',
    title: 'takes nothing back behind its pivot: what fails there is repeated until it is done',
    async play(scene) {
      const trip = scene.define('trip', withOptions(PIVOTED, 'notify', { attempts: 5 }));
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'notify do', failTimes(4, 'busy'));
      same('It is completed', (await one.end(trip, 'a')).state, 'completed');
      scene.before('b', 'notify do', fail('closed'));
      const { state, error } = await one.end(trip, 'b');
      same('What fails for good leaves it dead', state, 'dead');
      has('Its failure says where', error, { step: 'notify', compensated: [], failed: [] });
      scene.before('c', 'confirm do', fail('no seat'));
      same('The pivot itself may fail', (await one.end(trip, 'c')).state, 'compensated');
      const undone = scene.visits.filter(({ key, direction }) => key !== 'c' && direction === 'undo');
      same('Nothing was taken back of the others', undone, []);
    },
  },
  {
    requirement: 'R18',
    title: 'is no saga with a step before its pivot that nothing takes back, and that does not say so',
    async play() {
      const run = () => 'done';
      const builder = saga<null>().call('charge', { run });
      const build = async () => builder.tx('confirm', { pivot: true, run }).result(() => undefined);
      has('It is refused', await rejection('It is refused', build()), { code: 'INVALID_OPTIONS' });
      saga<null>().call('charge', { run, irreversible: true }).tx('confirm', { pivot: true, run }).result(() => undefined); // prettier-ignore
    },
  },
  {
    requirement: 'R37',
    title:
      'runs the steps of a group at the same time, and takes nothing back before all of them have settled',
    async play(scene) {
      const trip = scene.define('trip', GROUPED);
      const one = await scene.open({ definitions: [trip] });
      const slow = scene.gate('a', 'insure do');
      scene.before('a', 'book do', fail('no room'));
      const end = one.end(trip, 'a');
      await slow.reached;
      await eventually('The other call is done', () => scene.visitsOf('a', 'charge do').length === 1);
      await eventually('The other one is given up', () => scene.visitsOf('a', 'book do').length === 2);
      // As long as a third one is under way nothing is taken back, however often the others are looked at.
      await one.snapshot(trip, 'a');
      const undone = () =>
        scene.visits.filter(({ direction }) => direction === 'undo').map(({ step }) => step);
      same('Nothing is taken back yet', undone(), []);
      slow.open();
      same('It is taken back', (await end).state, 'compensated');
      same('What was done of the group, and what was before it', undone().toSorted(), [
        'charge',
        'insure',
        'reserve',
      ]);
    },
  },
];

import { PermanentError } from '../../../errors/permanent.error.js';
import { eventually, has, refused, rejection, same } from '../conformance-checks.js';
import { all, GROUPED, STRAIGHT, type SceneCase } from '../scenes.js';
import { call, final, stepsOf, tx, withOptions } from '../script.js';
import { fail, failTimes } from '../step-failure.js';

const NAMES = ['reserve', 'charge', 'book', 'confirm'];

/** The way forward. */
export const FORWARD: readonly SceneCase[] = [
  {
    requirement: 'R5',
    title: 'runs its steps in order, each of which sees what those before have returned',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.after('a', 'charge do', () => ({ id: 7, parts: [1, null, 'x'] }));
      const { state, result } = await one.end(trip, 'a', { from: 'x' });
      same('It is completed', state, 'completed');
      const outputs = {
        reserve: 'reserve of a',
        charge: { id: 7, parts: [1, null, 'x'] },
        book: 'book of a',
      };
      same('The result is made of all outputs', result, { ...outputs, confirm: 'confirm of a' });
      const seen = scene.visits.map(({ step, out, input }) => ({ step, out: { ...out }, input }));
      const input = { from: 'x' };
      const { reserve, charge } = outputs;
      same('The steps are called in order, with what there is', seen, [
        { step: 'reserve', out: {}, input },
        { step: 'charge', out: { reserve }, input },
        { step: 'book', out: { reserve, charge }, input },
        { step: 'confirm', out: outputs, input },
      ]);
    },
  },
  {
    requirement: 'R6',
    title: 'leaves nothing of a `tx` step that fails, and what it writes is there when it is done',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.after('a', 'book do', failTimes(1, 'too late'));
      scene.before('a', 'confirm do', async () => {
        same('What is done is there', (await scene.standing(trip, 'a')).book, 'done');
      });
      same('It is completed', (await one.end(trip, 'a')).state, 'completed');
      same('The first attempt has left nothing', await scene.standing(trip, 'a'), all(NAMES, 'done'));
      same('It was tried twice', scene.visitsOf('a', 'book do').length, 2);
    },
  },
  {
    requirement: 'R7',
    title: 'gives a call the same key for all its attempts, and its undo another one, and that of the call',
    async play(scene) {
      const trip = scene.define('trip', withOptions(STRAIGHT, 'charge', { attempts: 3 }));
      const one = await scene.open({ definitions: [trip] });
      scene.after('a', 'charge do', failTimes(2, 'no answer'));
      scene.before('a', 'book do', fail('sold out'));
      scene.after('a', 'charge undo', failTimes(2, 'no answer'));
      same('It is taken back', (await one.end(trip, 'a')).state, 'compensated');
      await one.end(trip, 'b');
      const charges = scene.visitsOf('a', 'charge do');
      const undos = scene.visitsOf('a', 'charge undo');
      same(
        'The attempts are counted from 1',
        charges.map(({ attempt }) => attempt),
        [1, 2, 3],
      );
      same(
        'So are those of the undo',
        undos.map(({ attempt }) => attempt),
        [1, 2, 3],
      );
      const [doKey, ...otherKeys] = new Set(charges.map(({ idempotencyKey }) => idempotencyKey));
      const [undoKey, ...otherUndoKeys] = new Set(undos.map(({ idempotencyKey }) => idempotencyKey));
      same('All attempts have one key', [typeof doKey, otherKeys], ['string', []]);
      same('So have those of the undo', [typeof undoKey, otherUndoKeys], ['string', []]);
      same(
        'The undo knows the key of the call',
        undos.map((visit) => visit.doKey),
        Array(3).fill(doKey),
      );
      const [other] = scene.visitsOf('b', 'charge do');
      same('Each has its own', new Set([doKey, undoKey, other?.idempotencyKey]).size, 3);
    },
  },
  {
    requirement: 'R8',
    title: 'does no step again that is done, while others of its group are repeated, or when it is retried',
    async play(scene) {
      const trip = scene.define('trip', [
        ...GROUPED.slice(0, 2),
        tx('confirm', { pivot: true }),
        final(call('notify')),
      ]);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'insure do', failTimes(1, 'busy'));
      scene.before('a', 'notify do', failTimes(2, 'busy'));
      same('It is dead behind its pivot', (await one.end(trip, 'a')).state, 'dead');
      await one.sagas.retryDead(trip.name, 'a');
      same('It is completed when it is retried', (await one.end(trip, 'a')).state, 'completed');
      const times = Object.fromEntries(
        stepsOf(trip.script).map(({ name }) => [name, scene.visitsOf('a', `${name} do`).length]),
      );
      same('Only what has failed was repeated', times, {
        reserve: 1,
        charge: 1,
        book: 1,
        insure: 2,
        confirm: 1,
        notify: 3,
      });
    },
  },
  {
    requirement: 'R9',
    title: 'tries a step as often as its policy says, and goes on as soon as it succeeds',
    async play(scene) {
      const often = withOptions(withOptions(STRAIGHT, 'charge', { attempts: 4 }), 'book', { attempts: 4 });
      const trip = scene.define('trip', often);
      const one = await scene.open({ definitions: [trip] });
      for (const step of ['charge', 'book']) {
        scene.before(`good ${step}`, `${step} do`, failTimes(3, 'busy'));
        same('The fourth attempt succeeds', (await one.end(trip, `good ${step}`)).state, 'completed');
        scene.before(`bad ${step}`, `${step} do`, fail('busy'));
        same('After the fourth it is given up', (await one.end(trip, `bad ${step}`)).state, 'compensated');
        same('There were four', scene.visitsOf(`bad ${step}`, `${step} do`).length, 4);
      }
    },
  },
  {
    requirement: 'R9',
    title: 'tells a step by its signal that its time is up, and tries it again',
    async play(scene) {
      const short = { timeoutMs: 150, attempts: 2 };
      const trip = scene.define('trip', withOptions(withOptions(STRAIGHT, 'charge', short), 'book', short));
      const one = await scene.open({ definitions: [trip] });
      for (const step of ['charge', 'book']) {
        const reasons: unknown[] = [];
        scene.before(step, `${step} do`, async ({ signal }) => {
          await Promise.race([aborted(signal), scene.never]);
          reasons.push(signal.reason instanceof Error);
          throw signal.reason;
        });
        const { state, error } = await one.end(trip, step);
        same('It is taken back', state, 'compensated');
        has('Its failure says where', error, { step });
        has('Its cause says why', Reflect.get(error ?? {}, 'cause'), { code: 'SAGA_STEP_TIMEOUT' });
        same('Both attempts were told', reasons, [true, true]);
      }
    },
  },
  {
    requirement: 'R9',
    title: 'repeats a transaction that the database asks to repeat, which is no attempt of the step',
    needs: ['exactlyOnceSteps'],
    async play(scene) {
      const trip = scene.define('trip', withOptions(STRAIGHT, 'book', { attempts: 1 }));
      const one = await scene.open({ definitions: [trip] });
      let conflicts = 2;
      scene.after('a', 'book do', async () => {
        conflicts -= 1;
        if (conflicts >= 0) await scene.effectsOf(one).fail('conflict');
      });
      same('It is completed', (await one.end(trip, 'a')).state, 'completed');
      same('Each effect is there once', await scene.standing(trip, 'a'), all(NAMES, 'done'));
      same(
        'It was one attempt',
        scene.visitsOf('a', 'book do').map(({ attempt }) => attempt),
        [1, 1, 1],
      );
    },
  },
  {
    requirement: 'R10',
    title: 'does not repeat what no repetition mends, by its kind or by the judgement of the step',
    async play(scene) {
      const permanent = (error: unknown) => error instanceof Error && error.message === 'declined';
      const often = { attempts: 5, permanent };
      const trip = scene.define('trip', withOptions(withOptions(STRAIGHT, 'charge', often), 'book', often));
      const one = await scene.open({ definitions: [trip] });
      for (const step of ['charge', 'book']) {
        scene.before(`judged ${step}`, `${step} do`, fail('declined'));
        scene.before(`marked ${step}`, `${step} do`, () => {
          throw new PermanentError('not for sale');
        });
        for (const key of [`judged ${step}`, `marked ${step}`]) {
          const { state, error } = await one.end(trip, key);
          same('It is taken back', state, 'compensated');
          has('Its failure says where', error, { step });
          same('It was tried once', scene.visitsOf(key, `${step} do`).length, 1);
          same(
            'What says that nothing has happened is not taken back',
            scene.visitsOf(key, `${step} undo`),
            [],
          );
        }
      }
    },
  },
  {
    requirement: 'R36',
    title: 'holds no connection during a call: others get on while many wait for theirs',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip], maxConnections: 3 });
      const keys = Array.from({ length: 8 }, (_, index) => `a${index}`);
      const gates = keys.map((key) => scene.gate(key, 'charge do'));
      const ends = keys.map((key) => one.end(trip, key));
      let over = 0;
      const count = () => void (over += 1);
      for (const end of ends) end.then(count, count);
      const making = () => keys.filter((key) => scene.visitsOf(key, 'charge do').length > 0).length;
      // Where one of them has to wait for a connection, others give up before it comes to its call.
      await eventually('All come to their call', () => making() === keys.length || over > 0);
      same('None is over by then', over, 0);
      await one.transactions.run(() => scene.effectsOf(one).write('beside them'));
      for (const gate of gates) gate.open();
      same(
        'All are completed',
        (await Promise.all(ends)).map(({ state }) => state),
        Array(8).fill('completed'),
      );
    },
  },
  {
    requirement: 'R38',
    title: 'calls a `tx` step in a transaction, which others join, and a `call` outside of any',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.before('a', 'confirm do', fail('no seat'));
      await one.end(trip, 'a');
      const seen = new Set(scene.visits.map(({ step, inTransaction }) => `${step} ${inTransaction}`));
      const expected = ['reserve true', 'charge false', 'book true', 'confirm true'];
      same('That is so for steps and for undos', [...seen], expected);
    },
  },
  {
    requirement: 'R38',
    title: 'has what parts of its transaction have written, and not what was rolled back with a part of it',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      const effects = scene.effectsOf(one);
      const write = (what: string, propagation: 'NESTED' | 'REQUIRES_NEW', fails = false) =>
        one.transactions.run(
          async () => {
            await effects.write(`${trip.name} ${what}`);
            if (fails) fail('rolled back')();
          },
          { propagation },
        );
      const isLate = failTimes(1, 'too late');
      scene.after('a', 'book do', async () => {
        await write('kept', 'NESTED');
        await rejection('A part of it fails', write('dropped', 'NESTED', true));
        await write('beside', 'REQUIRES_NEW');
        isLate();
      });
      same('It is completed', (await one.end(trip, 'a')).state, 'completed');
      same('Each step is done once', await scene.standing(trip, 'a'), all(NAMES, 'done'));
      const written = await effects.read();
      const count = (what: string) => written.filter((each) => each === `${trip.name} ${what}`).length;
      // Its first attempt has left what was committed beside it, and nothing else.
      same('So is what belongs to them', ['kept', 'dropped', 'beside'].map(count), [1, 0, 2]);
    },
  },
  {
    requirement: 'R38',
    title: 'refuses to run inside of a transaction, which it would hold, and begins nothing',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      const inside = one.transactions.run(() => one.start(trip, 'a'));
      await refused('It is refused', inside, 'TRANSACTION_FORBIDDEN');
      same('There is no such saga', await one.sagas.get(trip.name, 'a'), null);
    },
  },
  {
    requirement: 'R39',
    title:
      'does not take a `tx` step for done that has swallowed an error of its database, or asked for its rollback',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      scene.after('swallows', 'book do', async () => {
        await rejection('The statement is refused', scene.effectsOf(one).fail('refused'));
      });
      scene.after('asks', 'book do', () => {
        one.transactions.setRollbackOnly();
      });
      for (const key of ['swallows', 'asks']) {
        const { state, error } = await one.end(trip, key);
        same('It is taken back', state, 'compensated');
        has('Its failure says where', error, { step: 'book' });
        same(
          'Nothing of the step is left, and nothing is taken back of it',
          (await scene.standing(trip, key)).book,
          'nothing',
        );
        same('No later step was called', scene.visitsOf(key, 'confirm do'), []);
      }
    },
  },
];

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

import { PermanentError } from '../../../errors/permanent.error.js';
import type { SagaProgressEvent } from '../../../saga/saga.events.js';
import { same } from '../conformance-checks.js';
import type { Scene } from '../scene.js';
import { all, GROUPED, STRAIGHT, type SceneCase } from '../scenes.js';

/** Where a process dies, and what a saga comes to all the same. */
interface CrashPoint {
  readonly requirement: string;
  /** As in the list of crash points: C0 is after it was recorded, C11 during a takeover. */
  readonly point: string;
  readonly where: string;
  /** Whether the last step fails, so that all is taken back. */
  readonly fails: boolean;
  /** In a handler, before or after its effect. */
  readonly handler?: readonly ['before' | 'after', string];
  /** At a point that the engine tells. */
  readonly told?: Readonly<Partial<SagaProgressEvent>>;
}

/** Of an instance that is about to die: others are waited for as little as possible. */
export const SHORT_LEASE_MS = 300;

const ofTransaction = (fails: boolean, direction: 'do' | 'undo', requirement: string): CrashPoint[] => {
  const what = direction === 'do' ? 'a `tx` step' : 'the undo of a `tx` step';
  const step = { step: 'book', direction };
  return [
    { requirement, point: 'C1', where: `in ${what}, before it writes`, fails, handler: ['before', `book ${direction}`] },
    { requirement, point: 'C2', where: `in ${what}, after it has written`, fails, handler: ['after', `book ${direction}`] },
    { requirement, point: 'C3', where: `before the COMMIT of ${what}`, fails, told: { point: 'recording', ...step } },
    { requirement, point: direction === 'do' ? 'C4' : 'C4, C9', where: `after the COMMIT of ${what}`, fails, told: { point: 'recorded', ...step } },
  ]; // prettier-ignore
};
const ofCall = (fails: boolean, direction: 'do' | 'undo', requirement: string): CrashPoint[] => {
  const what = direction === 'do' ? 'a call' : 'the undo of a call';
  const step = { step: 'charge', direction };
  return [
    { requirement, point: 'C5', where: `in ${what}, before it is made`, fails, handler: ['before', `charge ${direction}`] },
    { requirement, point: 'C6', where: `after ${what}, before that is recorded`, fails, handler: ['after', `charge ${direction}`] },
    { requirement, point: direction === 'do' ? 'C7' : 'C7, C9', where: `after ${what} is recorded`, fails, told: { point: 'recorded', ...step } },
  ]; // prettier-ignore
};
const ofState = (point: string, state: 'compensating' | 'completed' | 'compensated'): CrashPoint[] => {
  const fails = state !== 'completed';
  return [
    {
      requirement: 'R19',
      point,
      where: `before it becomes ${state}`,
      fails,
      told: { point: 'moving', state },
    },
    {
      requirement: 'R19',
      point,
      where: `after it has become ${state}`,
      fails,
      told: { point: 'moved', state },
    },
  ];
};

const POINTS: readonly CrashPoint[] = [
  {
    requirement: 'R19',
    point: 'C0',
    where: 'after the saga is recorded',
    fails: false,
    told: { point: 'created' },
  },
  ...ofTransaction(false, 'do', 'R6'),
  ...ofCall(false, 'do', 'R8'),
  ...ofState('C8', 'compensating'),
  ...ofCall(true, 'undo', 'R14'),
  ...ofTransaction(true, 'undo', 'R14'),
  ...ofState('C10', 'completed'),
  ...ofState('C10', 'compensated'),
];

/** An instance that dies at every point, and another one that goes on. */
export const CRASH_POINTS: readonly SceneCase[] = [
  ...POINTS.map((crash): SceneCase => ({
    requirement: crash.requirement,
    title: `${crash.point}: is ended by another instance when its own dies ${crash.where}`,
    needs: ['durable'],
    play: (scene) => playCrash(scene, crash),
  })),
  {
    requirement: 'R19',
    title: 'C11: is ended by a third instance when the second one dies while it takes it over',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip], leaseMs: 3 * SHORT_LEASE_MS });
      const two = await scene.open({ definitions: [trip], leaseMs: SHORT_LEASE_MS });
      await crash(scene, one, { point: 'recorded', step: 'charge' }, () => void one.start(trip, 'a'));
      await crash(scene, two, { point: 'taken-over' });
      const last = await scene.open({ definitions: [trip] });
      same('It is completed', (await last.end(trip, 'a')).state, 'completed');
      same('The call is not made again', scene.visitsOf('a', 'charge do').length, 1);
      same('Each effect is there once', await scene.standing(trip, 'a'), all(NAMES, 'done'));
    },
  },
  {
    requirement: 'R37',
    title: 'repeats of a group only what was not recorded when its process dies',
    needs: ['durable'],
    async play(scene) {
      const trip = scene.define('trip', GROUPED);
      const one = await scene.open({ definitions: [trip], leaseMs: SHORT_LEASE_MS });
      const held = scene.gate('a', 'insure do');
      // Otherwise they could be recorded, and their process dead, before the third one is called at all.
      for (const step of ['charge', 'book']) scene.before('a', `${step} do`, () => held.reached);
      let recorded = 0;
      const crashed = scene.crashAt(one, 'recorded', ({ point, step }) => {
        if (point === 'recorded' && (step === 'charge' || step === 'book')) recorded += 1;
        return recorded === 2;
      });
      void one.start(trip, 'a');
      await crashed();
      const two = await scene.open({ definitions: [trip] });
      same('It is completed', (await two.end(trip, 'a')).state, 'completed');
      const again = scene.visits.filter(({ member }) => member === two).map(({ step }) => step);
      same('Only the rest is done', again, ['insure', 'confirm']);
      same('The call that is repeated has its key', keysOf(scene, 'a', 'insure do').size, 1);
    },
  },
];

const NAMES = ['reserve', 'charge', 'book', 'confirm'];
const UNDONE = { ...all(NAMES, 'undone'), confirm: 'nothing' };

async function playCrash(scene: Scene, { fails, handler, told = {} }: CrashPoint): Promise<void> {
  const trip = scene.define('trip', STRAIGHT);
  const one = await scene.open({ definitions: [trip], leaseMs: SHORT_LEASE_MS });
  if (fails) {
    scene.before('a', 'confirm do', () => {
      throw new PermanentError('no seat');
    });
  }
  if (handler === undefined) await crash(scene, one, told, () => void one.start(trip, 'a'));
  else {
    const [phase, name] = handler;
    const crashed = scene.crashAt(one, handler.join(' '), () => false);
    scene[phase]('a', name, ({ member }) => {
      if (member === one) one.crash();
    });
    void one.start(trip, 'a');
    await crashed();
  }
  const recorded = scene.events
    .filter(({ point }) => point === 'recorded')
    .map(({ step, direction }) => `${step} ${direction}`);
  const two = await scene.open({ definitions: [trip] });
  const { state } = await two.end(trip, 'a');
  same('It comes to its end', state, fails ? 'compensated' : 'completed');
  same(
    'Each effect is there as if nothing had happened',
    await scene.standing(trip, 'a'),
    fails ? UNDONE : all(NAMES, 'done'),
  );
  const again = scene.visits
    .filter(({ member }) => member === two)
    .map(({ step, direction }) => `${step} ${direction}`);
  same(
    'Nothing that was recorded is done again',
    again.filter((name) => recorded.includes(name)),
    [],
  );
  for (const direction of ['do', 'undo']) {
    const name = `charge ${direction}`;
    same(
      `All calls of ${name} have one key`,
      keysOf(scene, 'a', name).size,
      direction === 'do' || fails ? 1 : 0,
    );
  }
  for (const name of new Set(again))
    same(`The second instance does ${name} once`, again.filter((each) => each === name).length, 1);
}

type Dying = Parameters<Scene['crashAt']>[0];

async function crash(
  scene: Scene,
  member: Dying,
  told: Readonly<Partial<SagaProgressEvent>>,
  start: () => void = () => undefined,
): Promise<void> {
  const is = (event: SagaProgressEvent) =>
    Object.entries(told).every(([name, value]) => Reflect.get(event, name) === value);
  const crashed = scene.crashAt(member, Object.values(told).join(' '), is);
  start();
  await crashed();
}

function keysOf(scene: Scene, key: string, name: string): Set<string | undefined> {
  return new Set(scene.visitsOf(key, name).map(({ idempotencyKey }) => idempotencyKey));
}

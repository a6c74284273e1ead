import { PermanentError } from '../../../errors/permanent.error.js';
import { same } from '../conformance-checks.js';
import type { Definition } from '../definition.js';
import type { Member } from '../member.js';
import type { Scene, Visit } from '../scene.js';
import { SCRIPTS, type SceneCase } from '../scenes.js';
import { stepsOf, withOptions, type Script, type ScriptStep } from '../script.js';
import { StepFailure } from '../step-failure.js';

/** How a step fails. */
type Manner = 'for good' | 'at all its attempts' | 'with all its answers lost' | 'by its time';

const MANNERS: readonly Manner[] = [
  'for good',
  'at all its attempts',
  'with all its answers lost',
  'by its time',
];

/** Every step of every saga, one after the other. */
export const GENERATORS: readonly SceneCase[] = Object.entries(SCRIPTS).flatMap(
  ([name, script]): SceneCase[] => [
    {
      requirement: 'R13',
      title: `fails at each step of a ${name} saga in turn, in each way, and ends as if nothing had happened, or behind its pivot`,
      play: (scene) => failEach(scene, name, script),
    },
    {
      requirement: 'R15',
      title: `has each undo of a ${name} saga fail in turn, and takes back all the others`,
      play: (scene) => failEachUndo(scene, name, script),
    },
    {
      requirement: 'R8',
      title: `does every step and every undo of a ${name} saga twice, and it is as if once`,
      play: (scene) => repeatEach(scene, name, script),
    },
  ],
);

async function failEach(scene: Scene, name: string, script: Script): Promise<void> {
  const plain = scene.define(name, script);
  const steps = stepsOf(script);
  const timed = new Map(
    steps.map((step) => {
      const impatient = withOptions(script, step.name, { timeoutMs: 100, attempts: 1 });
      return [step.name, scene.define(`${name}-${step.name}`, impatient)];
    }),
  );
  const one = await scene.open({ definitions: [plain, ...timed.values()] });
  const runs = steps.flatMap((step) =>
    MANNERS.map(async (manner) => {
      const definition = (manner === 'by its time' && timed.get(step.name)) || plain;
      const key = `${step.name} fails ${manner}`;
      makeFail(scene, key, step, manner);
      await checkFailure(scene, one, definition, key, step, manner);
    }),
  );
  await all(runs);
}

function makeFail(scene: Scene, key: string, { name }: ScriptStep, manner: Manner): void {
  const handler = `${name} do`;
  if (manner === 'with all its answers lost') scene.after(key, handler, failing);
  else if (manner === 'at all its attempts') scene.before(key, handler, failing);
  else if (manner === 'for good') {
    scene.before(key, handler, () => {
      throw new PermanentError('It fails for good.');
    });
  } else {
    scene.before(key, handler, async ({ signal }: Visit) => {
      const isUp = new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
      await Promise.race([isUp, scene.never]);
      throw signal.reason;
    });
  }
}

async function checkFailure(
  scene: Scene,
  one: Member,
  definition: Definition,
  key: string,
  failed: ScriptStep,
  manner: Manner,
): Promise<void> {
  const { script } = definition;
  const { state, error } = await one.end(definition, key);
  const isBehind = isBehindPivot(script, failed.name);
  same(`${key}: its end`, state, isBehind ? 'dead' : 'compensated');
  same(`${key}: the step it names`, Reflect.get(error ?? {}, 'step'), failed.name);
  const expected: Record<string, string> = {};
  let isBefore = true;
  for (const stage of script) {
    const steps = 'steps' in stage ? stage.steps : [stage];
    const isHere = steps.some(({ name }) => name === failed.name);
    for (const step of steps) {
      if (step.name === failed.name) expected[step.name] = leftOf(failed, manner, isBehind);
      else if (isBefore) expected[step.name] = isBehind ? 'done' : 'undone';
      else expected[step.name] = 'nothing';
    }
    if (isHere) isBefore = false;
  }
  same(`${key}: what is left`, await scene.standing(definition, key), expected);
  const tries = manner === 'for good' || manner === 'by its time' ? 1 : 2;
  same(`${key}: how often it was tried`, scene.visitsOf(key, `${failed.name} do`).length, tries);
  checkOrder(scene, script, key);
}

function leftOf({ kind }: ScriptStep, manner: Manner, isBehind: boolean): string {
  if (kind === 'tx' || manner === 'for good') return 'nothing';
  if (isBehind) return manner === 'with all its answers lost' ? 'done' : 'nothing';
  return 'undone';
}

async function failEachUndo(scene: Scene, name: string, script: Script): Promise<void> {
  const definition = scene.define(name, script);
  const one = await scene.open({ definitions: [definition] });
  const end = stepsOf(script).find((step) => step.pivot === true) ?? stepsOf(script).at(-1)!;
  const undoable = stepsOf(script).filter(({ hasUndo }) => hasUndo);
  const runs = undoable.map(async (failed) => {
    const key = `the undo of ${failed.name} fails`;
    makeFail(scene, key, end, 'for good');
    scene.before(key, `${failed.name} undo`, failing);
    const { state, error } = await one.end(definition, key);
    same(`${key}: its end`, state, 'dead');
    const list = (Reflect.get(error ?? {}, 'failed') ?? []) as readonly { step: string }[];
    same(
      `${key}: what is listed`,
      list.map(({ step }) => step),
      [failed.name],
    );
    const expected = Object.fromEntries(
      stepsOf(script).map((step) => [step.name, step.hasUndo ? 'undone' : 'nothing']),
    );
    same(`${key}: what is left`, await scene.standing(definition, key), {
      ...expected,
      [failed.name]: 'done',
    });
    checkOrder(scene, script, key);
  });
  await all(runs);
}

async function repeatEach(scene: Scene, name: string, script: Script): Promise<void> {
  const definition = scene.define(name, script);
  const one = await scene.open({ definitions: [definition] });
  scene.everywhere = (phase, { key, step, direction }) => {
    if (phase === 'after' && scene.visitsOf(key, `${step} ${direction}`).length === 1) failing();
  };
  const end = stepsOf(script).find((step) => step.pivot === true) ?? stepsOf(script).at(-1)!;
  makeFail(scene, 'back', end, 'for good');
  const states = await Promise.all(
    ['forward', 'back'].map(async (key) => (await one.end(definition, key)).state),
  );
  same('They end as they would have', states, ['completed', 'compensated']);
  const left = (standing: (step: ScriptStep) => string) =>
    Object.fromEntries(stepsOf(script).map((step) => [step.name, standing(step)]));
  same(
    'Forward each effect is there once',
    await scene.standing(definition, 'forward'),
    left(() => 'done'),
  );
  const undone = left(({ hasUndo }) => (hasUndo ? 'undone' : 'nothing'));
  same('Back nothing is left', await scene.standing(definition, 'back'), undone);
  for (const key of ['forward', 'back']) {
    for (const handler of new Set(scene.called(key))) {
      const visits = scene.visitsOf(key, handler);
      const isEnd = key === 'back' && handler === `${end.name} do`;
      same(`${key}: how often ${handler} was called`, visits.length, isEnd ? 1 : 2);
      same(
        `${key}: how many keys ${handler} had`,
        new Set(visits.map(({ idempotencyKey }) => idempotencyKey)).size,
        1,
      );
    }
  }
}

/** Stages are taken back in the reverse order; within a group in any. */
function checkOrder(scene: Scene, script: Script, key: string): void {
  const stageOf = (name: string) =>
    script.findIndex((each) => ('steps' in each ? each.steps : [each]).some((step) => step.name === name));
  const undone = scene.visits.filter((visit) => visit.key === key && visit.direction === 'undo');
  const stages = undone.map(({ step }) => stageOf(step));
  same(
    `${key}: the order in which it is taken back`,
    stages,
    stages.toSorted((left, right) => right - left),
  );
}

function isBehindPivot(script: Script, name: string): boolean {
  const names = stepsOf(script).map((step) => step.name);
  const pivot = stepsOf(script).findIndex((step) => step.pivot === true);
  return pivot >= 0 && names.indexOf(name) > pivot;
}

function failing(): never {
  throw new StepFailure('It fails.');
}

/** Waits for all of them, also where one has failed: what still runs must not meet the end of the case. */
async function all(runs: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(runs);
  await Promise.all(runs);
}

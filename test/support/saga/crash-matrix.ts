import type { ChildProcess } from 'node:child_process';
import type { SagaCase, SagaProcesses, SagaTrace } from './saga-processes.js';

interface Journey {
  readonly saga: string;
  readonly input?: { readonly fails: string };
}

/** Each way in which the sagas of the crash tests end. */
export const JOURNEYS: readonly Journey[] = [
  { saga: 'journey' },
  { saga: 'journey', input: { fails: 'pay' } },
  { saga: 'errand' },
  { saga: 'party' },
  { saga: 'party', input: { fails: 'cake' } },
];

/** One saga that something happens to, at one of its points. */
export interface Strike extends SagaCase {
  readonly at: string;
  /** How it looks in the end where nothing happens to it. */
  readonly model: SagaTrace;
}

/** Runs each of them once without a fault. @returns for each of its points a saga that is to be struck there */
export async function strikesOf(
  processes: SagaProcesses,
  runner: ChildProcess,
  journeys: readonly Journey[],
  prefix: string,
): Promise<Strike[]> {
  const models = journeys.map((journey) => ({
    ...journey,
    key: [prefix, journey.saga, journey.input?.fails].filter(Boolean).join('-'),
  }));
  processes.run(runner, models);
  for (const { key } of models) await processes.end(key);
  const traces = await processes.traces(models.map(({ key }) => key));
  return models.flatMap((journey, index) => {
    // Where one is created they are all the same.
    const points = [...new Set(processes.points(journey.key))].filter(
      (at) => at !== 'created' || index === 0,
    );
    return points.map((at) => ({
      ...journey,
      key: `${journey.key}-${at}`,
      at,
      model: traces.get(journey.key)!,
    }));
  });
}

/** Runs sagas in an instance that is killed as soon as each stands at its point. */
export async function killAt(
  processes: SagaProcesses,
  victim: ChildProcess,
  name: string,
  strikes: readonly Strike[],
): Promise<void> {
  processes.dieAt(victim, strikes.length);
  // At this point the process dies at once, however many stand still.
  processes.run(
    victim,
    strikes.toSorted((left, right) => Number(left.at === 'created') - Number(right.at === 'created')),
  );
  await processes.killed(victim, name);
}

/** At these points the end is recorded already. */
const OVER = /^(completed|compensated)-moved$|^do-(archive|go)-recorded$/;

/** Whether somebody has to go on with a saga that was struck there. */
export function isLeft({ at }: Strike): boolean {
  return !OVER.test(at);
}

/** The call was made, and that was not recorded. */
const IN_DOUBT = /^(do|undo)-(flight|seat|mail|go|band)-(ran|recording)$/;
/** It may be made, or have been made. */
const UNDER_WAY = /^(do|undo)-(flight|seat|mail|go|band)-(started|running|ran|recording)$/;
/** The steps of a group: what strikes one of them strikes the other one anywhere. */
const GROUPED = /^(do|undo)-(meal|seat|cake|band)-/;

/**
 * What is wrong with the end of sagas that were struck: for each of them what is there, and what has to be.
 *
 * @param owner - whether whoever ran it `dies`, or `lives` and may make a call as well that somebody else makes again
 */
export async function wrongOf(
  processes: SagaProcesses,
  strikes: readonly Strike[],
  owner: 'dies' | 'lives' = 'dies',
): Promise<object[]> {
  const traces = await processes.traces(strikes.map(({ key }) => key));
  return strikes.flatMap((strike) => {
    const found = traces.get(strike.key)!;
    const expected = expectedOf(strike, found, owner);
    return JSON.stringify(found) === JSON.stringify(expected) ? [] : [{ key: strike.key, found, expected }];
  });
}

function expectedOf({ saga, at, model }: Strike, found: SagaTrace, owner: 'dies' | 'lives'): SagaTrace {
  const told: Record<string, number> = { ...model.told };
  // Of the documented repetitions, with the same key, those that may be and those that must be.
  const point = saga === 'errand' && at === 'completed-moving' ? 'do-go-ran' : at;
  const [, way, step] = (owner === 'dies' ? IN_DOUBT : UNDER_WAY).exec(point) ?? [];
  const call = `${way} ${step}`;
  if (way !== undefined && (owner === 'dies' || found.told[call] === 2)) told[call] = 2;
  if (!GROUPED.test(at)) return { ...model, told };
  for (const sibling of ['do seat', 'do band', 'undo band'])
    if (sibling in told && found.told[sibling] === 2) told[sibling] = 2;
  // The one of the two that was started again is the one that was started last.
  const swapped = ['meal', 'seat', 'flight', 'hotel'];
  const undone = String(found.undone) === String(swapped) ? swapped : model.undone;
  return { ...model, told, undone };
}

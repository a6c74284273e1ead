import { chaos } from './cases/chaos.js';
import { COMPENSATION } from './cases/compensation.js';
import { CONTEXT } from './cases/context.js';
import { CONTROL } from './cases/control.js';
import { CRASH_POINTS } from './cases/crash-points.js';
import { EVENTS } from './cases/events.js';
import { FORWARD } from './cases/forward.js';
import { GENERATORS } from './cases/generators.js';
import { IDENTITY } from './cases/identity.js';
import { PROMISES } from './cases/promises.js';
import { RECOVERY } from './cases/recovery.js';
import type { ConformanceCase } from './conformance-case.js';
import { ConformanceFailure, told } from './conformance-failure.js';
import type { SagaEngineHarness } from './conformance-harness.js';
import { Scene } from './scene.js';
import type { SceneCase } from './scenes.js';

const CASES: readonly SceneCase[] = [
  ...IDENTITY, ...FORWARD, ...COMPENSATION, ...GENERATORS, ...CRASH_POINTS, ...RECOVERY, ...CONTROL, ...EVENTS, ...CONTEXT,
  ...PROMISES,
]; // prettier-ignore

/**
 * How long the random part of the suite is.
 *
 * @public
 */
export interface ConformanceOptions {
  /** One run for each: what happens in it is the same for the same seed. Default: `[1]`. */
  readonly seeds?: readonly number[] | undefined;
  /** How many sagas a run has. Range: [1, 2 000]. Default: 12. */
  readonly sagas?: number | undefined;
}

/**
 * What every engine for sagas has to do, as cases for any test runner: one test for each, which awaits its `run`.
 *
 * Cases that need something which the engine does not promise have that in `lacks`: let a test compare their list with what is
 * expected of the engine, so that nothing is left out unnoticed.
 *
 * @public
 */
export function sagaEngineConformance(
  harness: SagaEngineHarness,
  { seeds = [1], sagas = 12 }: ConformanceOptions = {},
): readonly ConformanceCase[] {
  const seeded = seeds.map((seed) => chaos(seed, sagas));
  return [...CASES, ...seeded].map((each) => caseOf(harness, each));
}

function caseOf(harness: SagaEngineHarness, scenario: SceneCase): ConformanceCase {
  const { requirement, title, needs = [] } = scenario;
  const lacks = needs.filter((capability) => !harness.capabilities[capability]);
  return {
    requirement,
    title,
    needs,
    lacks,
    async run() {
      if (lacks.length > 0)
        throw new ConformanceFailure(`${requirement}: the engine does not promise ${lacks.join(', ')}.`);
      const scene = new Scene(harness);
      try {
        await scenario.play(scene);
      } catch (error) {
        throw new ConformanceFailure(`${requirement}: ${title}\n  ${told(error)}`, ...detailsOf(error));
      } finally {
        await scene.close();
      }
    },
  };
}

function detailsOf(error: unknown): [unknown, unknown, ErrorOptions] {
  const { expected, seen } =
    error instanceof ConformanceFailure ? error : { expected: undefined, seen: undefined };
  return [expected, seen, { cause: error }];
}

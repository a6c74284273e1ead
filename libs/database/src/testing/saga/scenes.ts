import type { SagaCapability } from './conformance-case.js';
import type { Scene } from './scene.js';
import { call, final, group, tx, type Script } from './script.js';

/** A case before it has an engine. */
export interface SceneCase {
  readonly requirement: string;
  readonly title: string;
  readonly needs?: readonly SagaCapability[];
  play(scene: Scene): Promise<void>;
}

/** A straight line, all of which can be taken back but its last step. */
export const STRAIGHT: Script = [tx('reserve'), call('charge'), tx('book'), final(tx('confirm'))];
/** A group between two steps. */
export const GROUPED: Script = [
  tx('reserve'),
  group([call('charge'), tx('book'), call('insure')]),
  final(tx('confirm')),
];
/** Two steps behind a pivot. */
export const PIVOTED: Script = [
  tx('reserve'),
  call('charge'),
  tx('confirm', { pivot: true }),
  final(call('notify')),
  final(tx('archive')),
];

/** Each with its name, for cases that are about any saga. */
export const SCRIPTS: Readonly<Record<string, Script>> = {
  straight: STRAIGHT,
  grouped: GROUPED,
  pivoted: PIVOTED,
};

/** What is left of steps: the same of all of them. */
export function all(script: readonly string[], standing: string): Record<string, string> {
  return Object.fromEntries(script.map((name) => [name, standing]));
}

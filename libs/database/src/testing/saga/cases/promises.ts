import { same } from '../conformance-checks.js';
import { STRAIGHT, type SceneCase } from '../scenes.js';

/** What an engine says of itself. */
export const PROMISES: readonly SceneCase[] = [
  {
    requirement: 'R40',
    title: 'promises what the suite was told that it does',
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip] });
      same('The capabilities are those', { ...one.sagas.capabilities }, { ...scene.capabilities });
      if (scene.capabilities.durable)
        same('There is a line that can be broken', typeof one.line.break, 'function');
    },
  },
];

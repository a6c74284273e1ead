import { Injectable, type Type } from '@nestjs/common';
import { OutboxHandler } from '../../../outbox/outbox-handler.decorator.js';
import type { OutboxMessage } from '../../../outbox/outbox-sink.port.js';
import { PermanentError } from '../../../errors/permanent.error.js';
import type { SagaEvent } from '../../../saga/saga-event.js';
import { eventually, same } from '../conformance-checks.js';
import { STRAIGHT, type SceneCase } from '../scenes.js';
import { fail, failTimes } from '../step-failure.js';
import { SHORT_LEASE_MS } from './crash-points.js';

/** What is told through the outbox. */
export const EVENTS: readonly SceneCase[] = [
  {
    requirement: 'R33',
    title: 'tells what happens to it through the outbox, in order, and nothing of what was rolled back',
    needs: ['events'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const { told, listener } = hear(trip.name);
      const one = await scene.open({ definitions: [trip], listener });
      scene.after('a', 'book do', failTimes(1, 'no room'));
      await one.end(trip, 'a');
      scene.before('b', 'book do', fail('no room'));
      scene.before('b', 'reserve undo', () => {
        throw new PermanentError('closed');
      });
      await one.end(trip, 'b');
      await eventually(
        'The end of both is told',
        () => told('a').includes('completed') && told('b').includes('dead'),
      );
      same('Of one that is completed', told('a'), COMPLETED);
      same('Of one that is dead', told('b'), [
        'started',
        'step-done do reserve',
        'step-started do charge',
        'step-done do charge',
        'step-failed do book',
        'compensating',
        'step-started undo charge',
        'undone undo charge',
        'undo-failed undo reserve',
        'dead',
      ]);
    },
  },
  {
    requirement: 'R33',
    title: 'loses no event when its instance dies, and tells none twice as another one',
    needs: ['events', 'durable'],
    async play(scene) {
      const trip = scene.define('trip', STRAIGHT);
      const { told, listener } = hear(trip.name);
      const one = await scene.open({ definitions: [trip], listener, leaseMs: SHORT_LEASE_MS });
      const crashed = scene.crashAt(
        one,
        'recorded book',
        ({ point, step }) => point === 'recorded' && step === 'book',
      );
      void one.start(trip, 'a');
      await crashed();
      const two = await scene.open({ definitions: [trip], listener });
      same('It is completed', (await two.end(trip, 'a')).state, 'completed');
      await eventually('Its end is told', () => told('a').includes('completed'));
      same('So is all before', told('a'), COMPLETED);
    },
  },
];

const COMPLETED = [
  'started',
  'step-done do reserve',
  'step-started do charge',
  'step-done do charge',
  'step-done do book',
  'step-done do confirm',
  'completed',
];

interface Heard {
  /** What was told of a key, each message once. */
  readonly told: (key: string) => string[];
  readonly listener: Type;
}

function hear(saga: string): Heard {
  const heard = new Map<string, SagaEvent>();
  class Listener {
    hear({ id, payload }: OutboxMessage): void {
      heard.set(id, payload as SagaEvent);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Listener.prototype, 'hear')!;
  OutboxHandler('saga')(Listener.prototype, 'hear', descriptor);
  Injectable()(Listener);
  const told = (key: string) =>
    [...heard.values()]
      .filter((event) => event.saga === saga && event.key === key)
      .map(({ event, step, direction }) =>
        direction === undefined ? event : `${event} ${direction} ${step}`,
      );
  return { told, listener: Listener };
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { SagaContextCarrier } from '../../../saga/saga-engine.port.js';
import { PermanentError } from '../../../errors/permanent.error.js';
import { same } from '../conformance-checks.js';
import type { Scene } from '../scene.js';
import { STRAIGHT, type SceneCase } from '../scenes.js';
import { SHORT_LEASE_MS } from './crash-points.js';

/** What belongs to the caller. */
export const CONTEXT: readonly SceneCase[] = [
  {
    requirement: 'R35',
    title: 'has the context of its caller in every step and undo, run at once or enqueued',
    needs: ['keepsContext'],
    async play(scene) {
      const { tenant, context } = tenants();
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip], context });
      const seen = watch(scene, tenant);
      for (const key of ['run', 'enqueued'])
        scene.before(key, 'confirm do', () => {
          throw new PermanentError('no seat');
        });
      await tenant.run('seven', () => one.end(trip, 'run'));
      await tenant.run('eight', () => one.enqueue(trip, 'enqueued'));
      await one.end(trip, 'enqueued');
      same('Of the one that was run', [...(seen.get('run') ?? [])], ['seven']);
      same('Of the one that was enqueued', [...(seen.get('enqueued') ?? [])], ['eight']);
    },
  },
  {
    requirement: 'R35',
    title: 'has the context of its caller in the instance that takes it over',
    needs: ['keepsContext', 'durable'],
    async play(scene) {
      const { tenant, context } = tenants();
      const trip = scene.define('trip', STRAIGHT);
      const one = await scene.open({ definitions: [trip], context, leaseMs: SHORT_LEASE_MS });
      const seen = watch(scene, tenant);
      const crashed = scene.crashAt(
        one,
        'recorded charge',
        ({ point, step }) => point === 'recorded' && step === 'charge',
      );
      void tenant.run('seven', () => one.start(trip, 'a'));
      await crashed();
      const two = await scene.open({ definitions: [trip], context });
      same('It is completed', (await two.end(trip, 'a')).state, 'completed');
      same('It was there all the time', [...(seen.get('a') ?? [])], ['seven']);
    },
  },
];

function tenants(): { tenant: AsyncLocalStorage<string>; context: SagaContextCarrier } {
  const tenant = new AsyncLocalStorage<string>();
  const context: SagaContextCarrier = {
    capture: () => ({ tenant: tenant.getStore() ?? 'nobody' }),
    restore: (kept, work) => tenant.run(String(Reflect.get(Object(kept) as object, 'tenant')), work),
  };
  return { tenant, context };
}

/** The tenants that the handlers of each key have seen. */
function watch(scene: Scene, tenant: AsyncLocalStorage<string>): Map<string, Set<string | undefined>> {
  const seen = new Map<string, Set<string | undefined>>();
  scene.everywhere = (_phase, { key }) => {
    seen.set(key, (seen.get(key) ?? new Set()).add(tenant.getStore()));
  };
  return seen;
}

import { expect } from '@jest/globals';
import type { SagaProcesses } from './saga-processes.js';

/** Kills an instance that has so many sagas under way, and has one other instance end them. */
export async function recoverAbandoned(processes: SagaProcesses, count: number): Promise<void> {
  const cases = Array.from({ length: count }, (_, index) => ({ saga: 'errand', key: `left-${index}` }));
  const victim = await processes.open('abandons', {
    engine: { execute: false, leaseMs: 5_000 },
    silent: true,
  });
  processes.insist(victim, cases);
  await processes.holds('Not all are under way', () => processes.linesOf('told').length === count, 60_000);
  victim.kill('SIGKILL');
  await processes.killed(victim, 'abandons');
  await processes.open('recovers');
  // The lease that they are left with, and what is allowed for ending them.
  await processes.settled(5_000 + 30_000);
  const traces = await processes.traces(cases.map(({ key }) => key));
  const wrong = [...traces].filter(
    ([, { state, told }]) => state !== 'completed' || JSON.stringify(told) !== '{"do go":2}',
  );
  expect(wrong).toEqual([]);
  const taken = new Set(
    processes.linesOf('point').flatMap(([, key, at]) => (at === 'taken-over' ? [key] : [])),
  );
  expect(taken.size).toBe(count);
}

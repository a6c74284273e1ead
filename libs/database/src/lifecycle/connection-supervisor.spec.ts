import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { UnavailableError } from '../errors/connection.errors.js';
import { ConnectionSupervisor } from './connection-supervisor.js';
import { DatabaseStateControl } from './database-state.control.js';

const unavailable = new UnavailableError('db:5432', 'ECONNREFUSED', {
  target: { kind: 'postgres', connection: 'default' },
});

function createSupervisor(open: () => Promise<void>) {
  const state = new DatabaseStateControl({
    connection: 'default',
    onListenerError: () => undefined,
    onDegraded: () => {
      supervisor.heal();
    },
  });
  const supervisor: ConnectionSupervisor = new ConnectionSupervisor(
    {
      mode: 'degraded',
      attempts: 1,
      schedule: { initialDelayMs: 1, maxDelayMs: 1, factor: 2 },
      open,
      warn: () => undefined,
      info: () => undefined,
    },
    state,
  );
  return { state, supervisor };
}

async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index++) await turn();
}

describe('ConnectionSupervisor', () => {
  // Naive: the attempts that have just succeeded count as under way until their promise has settled.
  it('heals again when a failure is reported while the last healing comes to its end', async () => {
    let attempts = 0;
    const { state, supervisor } = createSupervisor(() => {
      attempts++;
      return Promise.resolve();
    });
    const stopListening = state.onChange(({ status }) => {
      if (status !== 'ready') return;
      stopListening();
      state.reportFailure(unavailable);
    });
    await supervisor.start(new AbortController().signal);
    await turns(20);
    expect(state.status).toBe('ready');
    expect(attempts).toBe(2);
  });

  it('does not heal again once it was stopped', async () => {
    let attempts = 0;
    const { state, supervisor } = createSupervisor(() => {
      attempts++;
      return Promise.reject(unavailable);
    });
    await supervisor.start(new AbortController().signal);
    expect(state.status).toBe('degraded');
    supervisor.stop();
    await turns(20);
    expect(attempts).toBe(1);
  });
});

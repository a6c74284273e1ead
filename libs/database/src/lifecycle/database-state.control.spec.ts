import { describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ShuttingDownError, UnavailableError } from '../errors/connection.errors.js';
import { DatabaseStateControl } from './database-state.control.js';
import { DATABASE_STATE_CHANNEL, type DatabaseStateEvent } from './lifecycle.events.js';

function createState(onDegraded?: () => void) {
  const errors: unknown[] = [];
  const state = new DatabaseStateControl({
    connection: 'default',
    onListenerError: (error) => errors.push(error),
    ...(onDegraded !== undefined && { onDegraded }),
  });
  return { state, errors };
}

const unavailable = new UnavailableError('db:5432', 'ECONNREFUSED', {
  target: { kind: 'postgres', connection: 'default' },
});

describe('DatabaseState', () => {
  it('starts as starting and is usable once it is ready', () => {
    const { state } = createState();
    expect(state.snapshot()).toMatchObject({ connection: 'default', status: 'starting' });
    expect(state.isUsable()).toBe(false);
    state.move('ready');
    expect(state.isUsable()).toBe(true);
  });

  it('never leaves closing, whatever a late probe finds', () => {
    const { state } = createState();
    state.move('draining', 'SIGTERM');
    expect(state.move('ready')).toBe(false);
    expect(state.move('degraded')).toBe(false);
    expect(state.status).toBe('draining');
    state.move('closed');
    expect(state.move('draining')).toBe(false);
    expect(state.status).toBe('closed');
  });

  it('takes the time of the change, and not of a repeated finding, for since', () => {
    const { state } = createState();
    state.move('degraded', 'first');
    const { since } = state;
    state.move('degraded', 'second');
    expect(state.since).toBe(since);
    expect(state.reason).toBe('second');
  });

  it('becomes degraded with the reason of a reported failure, but only while it was ready', () => {
    let healing = 0;
    const { state } = createState(() => healing++);
    state.reportFailure(unavailable);
    expect(state.status).toBe('starting');
    state.move('ready');
    state.reportFailure(unavailable);
    expect(state).toMatchObject({ status: 'degraded', reason: unavailable.message });
    expect(healing).toBe(1);
  });

  it('repeats nothing of an error it does not know', () => {
    const { state } = createState();
    state.move('ready');
    state.reportFailure(new TypeError('password=hunter2'));
    expect(state.reason).toBe('An operation failed (TypeError).');
  });

  it('lets callers wait until it is ready', async () => {
    const { state } = createState();
    const waiting = state.whenReady();
    state.move('degraded', 'away');
    state.move('ready');
    await waiting;
    await state.whenReady();
  });

  it('ends the wait with a typed error when the connection closes instead', async () => {
    const { state } = createState();
    const waiting = state.whenReady();
    state.move('draining');
    await expect(waiting).rejects.toBeInstanceOf(ShuttingDownError);
    await expect(state.whenReady()).rejects.toBeInstanceOf(ShuttingDownError);
  });

  it('ends the wait with the reason of the signal', async () => {
    const { state } = createState();
    const controller = new AbortController();
    const waiting = state.whenReady(controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('isolates listeners from each other', () => {
    const { state, errors } = createState();
    const seen: string[] = [];
    state.onChange(() => {
      throw new Error('broken listener');
    });
    const stop = state.onChange(({ status }) => seen.push(status));
    state.move('ready');
    stop();
    state.move('draining');
    expect(seen).toEqual(['ready']);
    expect(errors).toHaveLength(2);
  });

  it('publishes every change for monitoring', () => {
    const { state } = createState();
    const events: DatabaseStateEvent[] = [];
    const listener = (event: unknown) => events.push(event as DatabaseStateEvent);
    subscribe(DATABASE_STATE_CHANNEL, listener);
    state.move('degraded', 'away');
    unsubscribe(DATABASE_STATE_CHANNEL, listener);
    expect(events).toMatchObject([
      { connection: 'default', previous: 'starting', status: 'degraded', reason: 'away' },
    ]);
  });
});

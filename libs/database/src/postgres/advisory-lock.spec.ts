import { describe, expect, it } from '@jest/globals';
import { acquireAdvisoryLocks } from './advisory-lock.js';
import type { SingleConnection } from './single-connection.js';

const KEYS = [1n, 2n];

describe('acquireAdvisoryLocks', () => {
  it('takes the keys in the given order and never blocks on the server', async () => {
    const { connection, statements } = fakeConnection(['t', 't']);
    await acquireAdvisoryLocks(connection, { keys: KEYS, timeoutMs: 0 });
    expect(statements).toEqual(['try 1', 'try 2']);
  });

  it('asks again until the key is free, and announces the wait once', async () => {
    const { connection, statements } = fakeConnection(['f', 'f', 't']);
    const announced: unknown[] = [];
    await acquireAdvisoryLocks(connection, {
      keys: [1n],
      timeoutMs: 5_000,
      onWait: (holder) => announced.push(holder),
    });
    expect(statements).toEqual(['try 1', 'holder', 'try 1', 'try 1']);
    expect(announced).toEqual([{ pid: 7, applicationName: 'other', connectedSince: new Date(0) }]);
  });

  it('lets the first key go when the second is not to be had', async () => {
    const { connection, statements } = fakeConnection(['t', 'f']);
    await expect(acquireAdvisoryLocks(connection, { keys: KEYS, timeoutMs: 0 })).rejects.toMatchObject({
      code: 'MIGRATION_LOCK_TIMEOUT',
      holder: { pid: 7 },
    });
    expect(statements).toEqual(['try 1', 'try 2', 'holder', 'unlock all']);
  });

  it('lets go of what it got when it was told to stop meanwhile', async () => {
    const { connection, statements } = fakeConnection(['t']);
    const reason = new RangeError('stop');
    const locking = acquireAdvisoryLocks(connection, {
      keys: KEYS,
      timeoutMs: 0,
      signal: AbortSignal.abort(reason),
    });
    await expect(locking).rejects.toBe(reason);
    expect(statements).toEqual(['try 1', 'unlock all']);
  });

  it('ends a pause at once when it is told to stop', async () => {
    const { connection } = fakeConnection(Array.from({ length: 1_000 }, () => 'f'));
    const stop = new AbortController();
    const onWait = (): void => {
      setImmediate(() => stop.abort(new RangeError('stop')));
    };
    const locking = acquireAdvisoryLocks(connection, {
      keys: [1n],
      timeoutMs: 60_000,
      signal: stop.signal,
      onWait,
    });
    await expect(locking).rejects.toThrow('stop');
  });
});

/** @param answers - `t` or `f` for each attempt to take a lock. */
function fakeConnection(answers: readonly string[]) {
  const left = [...answers];
  const statements: string[] = [];
  const reply = (statement: string, row: readonly string[]) => {
    statements.push(statement);
    return Promise.resolve({ columns: [], rows: [row], rowCount: 1 });
  };
  const query = (text: string, values: readonly unknown[] = []) => {
    if (text.includes('pg_try_advisory_lock'))
      return reply(`try ${String(values[0])}`, [left.shift() ?? 'f']);
    return text.includes('pg_locks') ? reply('holder', ['7', 'other', '0']) : reply('unlock all', []);
  };
  return { connection: { query } as unknown as SingleConnection, statements };
}

import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { fullJitter } from '../common/backoff.js';
import type { Clock } from '../common/clock.js';
import { ConnectionLostError } from '../errors/connection.errors.js';
import { UniqueViolationError } from '../errors/constraint.errors.js';
import { DatabaseError } from '../errors/database.error.js';
import { OutcomeUnknownError } from '../errors/outcome.errors.js';
import { DeadlockError, SerializationFailureError } from '../errors/concurrency.errors.js';
import { executeWithRetry, retry } from './execute-with-retry.js';
import { asOneAttempt } from './retry-scope.js';
import { resolveRetryOptions, type RetryOptions } from './retry.options.js';

const target = { kind: 'postgres', connection: 'default' } as const;
const lost = () => new ConnectionLostError('db:5432', 'ECONNRESET', { target });

/** A clock on which sleeping costs nothing. */
function fakeClock() {
  const slept: number[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    date: () => new Date(now),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
  return { clock, slept, pass: (ms: number) => (now += ms) };
}

/** Fails with each of `errors` in turn, then succeeds. */
function failing(...errors: unknown[]) {
  const left = [...errors];
  return jest.fn(async (attempt: number) => {
    if (left.length > 0) throw left.shift();
    return `done in attempt ${attempt}`;
  });
}

function run(
  operation: (attempt: number) => Promise<unknown>,
  options: Partial<RetryOptions> = {},
  random = () => 1,
) {
  const time = fakeClock();
  const resolved = resolveRetryOptions({ name: 'orders.place', ...options });
  return { ...time, result: retry(operation, resolved, { clock: time.clock, random }) };
}

describe('executeWithRetry', () => {
  it('repeats what changed nothing and may succeed, with growing pauses', async () => {
    const operation = failing(lost(), new DeadlockError('x', { target }));
    const { result, slept } = run(operation);
    expect(await result).toBe('done in attempt 3');
    expect(slept).toEqual([100, 200]);
  });

  it.each([
    ['a write whose outcome is unknown', new OutcomeUnknownError('INSERT', 'ECONNRESET', { target })],
    ['an error of the application', new RangeError('no stock')],
    ['a text', 'failed'],
    ['nothing', undefined],
  ])('throws %s at once and unchanged', async (_, thrown) => {
    const operation = failing(thrown);
    await expect(run(operation).result).rejects.toBe(thrown);
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['the library', new UniqueViolationError('user.create', {}, { target })],
    ['Prisma', Object.assign(new Error('x'), { name: 'PrismaClientKnownRequestError', code: 'P2002' })],
    ['the server', Object.assign(new Error('x'), { severity: 'ERROR', code: '23505' })],
    ['Redis', Object.assign(new Error('OOM x'), { name: 'ReplyError' })],
    ['a driver, as a text', new Error('Connection terminated unexpectedly')],
  ])("throws the application's own exception around an error of %s unchanged", async (_, cause) => {
    const { code } = cause as { code?: string };
    const conflict = Object.assign(new Error('email taken', { cause }), { name: 'ConflictException', code });
    await expect(run(failing(conflict)).result).rejects.toBe(conflict);
    // The error inside, thrown by itself, gets its class.
    await expect(run(failing(cause)).result).rejects.toBeInstanceOf(DatabaseError);
  });

  // Naive: a look through the causes finds the deadlock, and whatever was done about it is done once more.
  it.each([
    ['a deadlock of the library', new DeadlockError('orders.place', { target })],
    ['a connection that was lost', lost()],
    ['a deadlock of the server', Object.assign(new Error('x'), { severity: 'ERROR', code: '40P01' })],
    [
      'a conflict of Prisma',
      Object.assign(new Error('x'), { name: 'PrismaClientKnownRequestError', code: 'P2034' }),
    ],
  ])("does not repeat the application's own exception around %s", async (_, cause) => {
    const own = Object.assign(new Error('order not placed', { cause }), { name: 'OrderError' });
    const operation = failing(own, own, own);
    await expect(run(operation).result).rejects.toBe(own);
    expect(operation).toHaveBeenCalledTimes(1);
    // The error inside, thrown by itself, is repeated.
    const bare = failing(cause, cause, cause);
    await expect(run(bare).result).rejects.toBeInstanceOf(DatabaseError);
    expect(bare).toHaveBeenCalledTimes(3);
  });

  it('takes a code of another system for no SQLSTATE, so it neither repeats nor replaces its error', async () => {
    const declined = Object.assign(new Error('card declined'), { name: 'PaymentError', code: '40001' });
    const operation = failing(declined);
    await expect(run(operation).result).rejects.toBe(declined);
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('throws the last error itself after the last attempt, with attempts and time', async () => {
    const last = lost();
    const { result } = run(failing(lost(), lost(), last, lost()));
    await expect(result).rejects.toBe(last);
    expect(last).toMatchObject({ name: 'ConnectionLostError', attempts: 3, elapsedMs: 300 });
  });

  it("gives a driver's error its class", async () => {
    const conflict = () =>
      Object.assign(new Error('x'), {
        name: 'PrismaClientKnownRequestError',
        code: 'P2034',
        clientVersion: '7.10.0',
      });
    const { result } = run(failing(conflict(), conflict(), conflict()));
    const error = await result.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SerializationFailureError);
    expect(error).toMatchObject({ operation: 'orders.place', attempts: 3 });
  });

  it('tries once inside another retry, inside a unit of work, and repeats again in work that outlives it', async () => {
    const inner = failing(lost(), lost());
    const { result } = run(async () => await executeWithRetry(inner, { name: 'inner', initialDelayMs: 0 }), {
      attempts: 2,
    });
    await expect(result).rejects.toThrow(ConnectionLostError);
    expect(inner).toHaveBeenCalledTimes(2);

    const inUnit = failing(lost());
    await expect(asOneAttempt(() => executeWithRetry(inUnit, { name: 'x' }))).rejects.toThrow(
      ConnectionLostError,
    );
    expect(inUnit).toHaveBeenCalledTimes(1);

    let later = Promise.resolve('');
    let leave = () => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    await asOneAttempt(async () => {
      later = left.then(() => executeWithRetry(failing(lost()), { name: 'x', initialDelayMs: 0 }));
    });
    leave();
    expect(await later).toBe('done in attempt 2');
  });

  it('begins no attempt after the deadline', async () => {
    const operation = failing(lost(), lost(), lost(), lost());
    const { result, slept } = run(operation, { attempts: 10, deadlineMs: 350 });
    await expect(result).rejects.toThrow(ConnectionLostError);
    expect(slept).toEqual([100, 200]);
  });

  it('ends at once when it is aborted in a pause, and leaves no listener behind', async () => {
    const stop = new AbortController();
    const reason = new RangeError('shutting down');
    const options = {
      name: 'x',
      attempts: 5,
      initialDelayMs: 600_000,
      maxDelayMs: 600_000,
      signal: stop.signal,
    };
    const result = executeWithRetry(failing(lost()), {
      ...options,
      onRetry: () => setImmediate(() => stop.abort(reason)),
    });
    await expect(result).rejects.toBe(reason);
  });

  it('ends at once when it is aborted during an attempt that never settles', async () => {
    const stop = new AbortController();
    const reason = new RangeError('shutting down');
    const operation = jest.fn(async () => {
      setImmediate(() => stop.abort(reason));
      return await new Promise<never>(() => {});
    });
    await expect(executeWithRetry(operation, { name: 'x', signal: stop.signal })).rejects.toBe(reason);
    await expect(executeWithRetry(operation, { name: 'x', signal: stop.signal })).rejects.toBe(reason);
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('tells of every repetition, and lets the listener end it', async () => {
    const events: unknown[] = [];
    const first = lost();
    await run(failing(first), { onRetry: (event) => events.push(event) }).result;
    expect(events).toEqual([{ name: 'orders.place', attempt: 1, attempts: 3, delayMs: 100, error: first }]);
    const veto = new RangeError('enough');
    const onRetry = () => {
      throw veto;
    };
    await expect(run(failing(lost()), { onRetry }).result).rejects.toBe(veto);
  });

  it('refuses options it cannot use, all at once, before anything is run', async () => {
    const operation = failing();
    const options = { name: '', attempts: 0, factor: 0.5, initialDelayMs: -1 };
    const error = await executeWithRetry(operation, options).catch((thrown: unknown) => thrown);
    expect((error as { violations: unknown[] }).violations).toHaveLength(4);
    expect(operation).not.toHaveBeenCalled();
  });
});

describe('fullJitter', () => {
  it('stays between nothing and the cap, whatever the schedule', () => {
    const ms = fc.integer({ min: 0, max: 600_000 });
    const factor = fc.double({ min: 1, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), ms, ms, factor, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, initialDelayMs, maxDelayMs, by, random) => {
          const delay = fullJitter(attempt, { initialDelayMs, maxDelayMs, factor: by }, () => random);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(maxDelayMs);
        }),
    ); // prettier-ignore
  });
});

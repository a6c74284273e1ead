import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ConformanceFailure, shown, told } from './conformance-failure.js';

/** How long is waited for what has to happen; far more than it takes, as the machine may be busy. */
const PATIENCE_MS = 30_000;
const POLL_MS = 10;

/** @throws {@link ConformanceFailure} where the two are not the same, in depth */
export function same(what: string, seen: unknown, expected: unknown): void {
  if (isDeepStrictEqual(seen, expected)) return;
  const message = `${what}\n    expected: ${shown(expected)}\n    seen:     ${shown(seen)}`;
  throw new ConformanceFailure(message, expected, seen);
}

/** @throws {@link ConformanceFailure} where `seen` lacks one of the properties, or has it otherwise */
export function has(what: string, seen: unknown, expected: Readonly<Record<string, unknown>>): void {
  const part = Object.fromEntries(
    Object.keys(expected).map((key) => [key, Reflect.get(Object(seen) as object, key)]),
  );
  same(what, part, expected);
}

/** Waits until it holds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new ConformanceFailure(`${what}\n    expected within ${PATIENCE_MS} ms, and it was not so.`);
    await delay(POLL_MS);
  }
}

/** What a promise comes to, which has to be soon enough. */
export async function within<Result>(what: string, work: Promise<Result>): Promise<Result> {
  const settled = work.then(
    () => true,
    () => true,
  );
  let isSettled = false;
  void settled.then(() => (isSettled = true));
  await eventually(what, () => isSettled);
  return await work;
}

/** @returns what it was rejected with */
export async function rejection(what: string, work: Promise<unknown>): Promise<unknown> {
  let result: unknown;
  try {
    result = await within(what, work);
  } catch (error) {
    if (error instanceof ConformanceFailure) throw error;
    return error;
  }
  throw new ConformanceFailure(`${what}\n    expected: a rejection\n    seen:     ${shown(result)}`);
}

/** @throws {@link ConformanceFailure} where it is not rejected, or with another code */
export async function refused(what: string, work: Promise<unknown>, code: string): Promise<void> {
  const error = await rejection(what, work);
  if (Reflect.get(Object(error) as object, 'code') === code) return;
  throw new ConformanceFailure(`${what}\n    expected: an error with the code ${code}\n    seen:     ${told(error)}`, code, error); // prettier-ignore
}

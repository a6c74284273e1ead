import { AsyncLocalStorage } from 'node:async_hooks';

interface Frame {
  readonly of: AmbientValue<unknown>;
  readonly value: unknown;
  readonly outer: Frame | undefined;
}

// One for the whole library on purpose: Node 20 copies the store of each storage to every promise of the process.
const storage = new AsyncLocalStorage<Frame | undefined>();

/** A value that asynchronous calls carry along; different ones do not touch each other. */
export class AmbientValue<Value> {
  /** That of the caller; undefined outside of {@link AmbientValue.run}. */
  get(): Value | undefined {
    for (let frame = storage.getStore(); frame !== undefined; frame = frame.outer)
      if (frame.of === this) return frame.value as Value;
    return undefined;
  }

  run<Result>(value: Value, work: () => Result): Result {
    return storage.run({ of: this, value, outer: without(this, storage.getStore()) }, work);
  }
}

/** What is replaced is dropped: work that starts itself anew, such as a timer, would drag along all that was ever set. */
function without(value: AmbientValue<unknown>, frame: Frame | undefined): Frame | undefined {
  if (frame === undefined) return undefined;
  if (frame.of === value) return frame.outer;
  const outer = without(value, frame.outer);
  return outer === frame.outer ? frame : { of: frame.of, value: frame.value, outer };
}

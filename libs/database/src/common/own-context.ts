import { AsyncResource } from 'node:async_hooks';

/**
 * The asynchronous context in which this was made. Work that is shared, or that outlives the call which set it off, runs
 * in it: in the context of the caller it would belong to that one's request, transaction and signal.
 */
export class OwnContext {
  private readonly resource = new AsyncResource('nestjs-database', { requireManualDestroy: true });

  run<Result>(work: () => Result): Result {
    return this.resource.runInAsyncScope(work);
  }
}

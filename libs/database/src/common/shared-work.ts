import { untilAborted } from './abort.js';
import { OwnContext } from './own-context.js';

interface Run<Result> {
  readonly result: Promise<Result>;
  readonly cancelling: AbortController;
  callers: number;
}

/**
 * Does a piece of work once at a time: callers that arrive while it is done share its result.
 *
 * It belongs to none of them, and runs in the context in which this was made. Each of them may give up on its own without a loss for the others; when the last one has, the work is cancelled. Who
 * comes then waits for its end and has it begun anew.
 */
export class SharedWork<Result> {
  private run: Run<Result> | undefined;
  private readonly context = new OwnContext();

  constructor(private readonly work: (signal: AbortSignal) => Promise<Result>) {}

  /** Settles when nothing is under way any more, however it ended; undefined when nothing is. */
  get ended(): Promise<void> | undefined {
    return this.run?.result.then(
      () => undefined,
      () => undefined,
    );
  }

  /** @throws the signal's reason as soon as `signal` is aborted */
  async join(signal: AbortSignal): Promise<Result> {
    signal.throwIfAborted();
    while (this.run?.cancelling.signal.aborted === true) await untilAborted(this.ended!, signal);
    const run = (this.run ??= this.begin());
    run.callers += 1;
    try {
      return await untilAborted(run.result, signal);
    } finally {
      run.callers -= 1;
      if (signal.aborted && run.callers === 0) run.cancelling.abort(signal.reason);
    }
  }

  private begin(): Run<Result> {
    const cancelling = new AbortController();
    const result = this.context
      .run(() => this.work(cancelling.signal))
      .finally(() => {
        this.run = undefined;
      });
    return { result, cancelling, callers: 0 };
  }
}

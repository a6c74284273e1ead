const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C reaches the whole process group, and npm passes it on once more: both are one wish. */
const SAME_WISH_MS = 1_000;

/**
 * The wish to end the process, from its first moment on: Nest's own handlers come only with an application, and the
 * servers are started before there is one.
 *
 * A signal that comes a second or more after the first one ends the process at once, as without a handler.
 */
export class StopSignal {
  /** Resolves at the first signal. */
  readonly received: Promise<void>;
  private first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;

  constructor() {
    this.received = new Promise((resolve) => {
      const listener = (signal: NodeJS.Signals) => {
        if (this.first === undefined) {
          this.first = { signal, at: performance.now() };
          resolve();
        } else if (performance.now() - this.first.at >= SAME_WISH_MS) {
          for (const each of SIGNALS) process.off(each, listener);
          process.kill(process.pid, signal);
        }
      };
      for (const each of SIGNALS) process.on(each, listener);
    });
  }

  /** The first signal; undefined while there has been none. */
  get signal(): NodeJS.Signals | undefined {
    return this.first?.signal;
  }
}

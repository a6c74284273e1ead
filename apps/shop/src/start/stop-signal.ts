const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The wish to end the process, from its first moment on: Nest's own handlers come only with an application, and the
 * servers are started before there is one.
 *
 * A second signal ends the process at once, as without a handler.
 */
export class StopSignal {
  /** Resolves at the first signal. */
  readonly received: Promise<void>;
  private name: NodeJS.Signals | undefined;

  constructor() {
    this.received = new Promise((resolve) => {
      const listener = (signal: NodeJS.Signals) => {
        for (const each of SIGNALS) process.off(each, listener);
        this.name = signal;
        resolve();
      };
      for (const each of SIGNALS) process.on(each, listener);
    });
  }

  /** The first signal; undefined while there has been none. */
  get signal(): NodeJS.Signals | undefined {
    return this.name;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const OURS = Symbol('nestjs-database:start-interruption');

type Listener = ((signal: NodeJS.Signals) => void) & { [OURS]?: true };

/**
 * Hears SIGINT and SIGTERM while a start is under way. Nest cannot: its handlers come with the finished application,
 * and then they wait for the start to end.
 *
 * Having a listener takes the default action, which is to die, away from the process. So {@link StartInterruption.end}
 * sends the signal again where nobody else listens to it.
 */
export class StartInterruption {
  private readonly controller = new AbortController();
  private received: { readonly signal: NodeJS.Signals; readonly heardByOthers: boolean } | undefined;
  private readonly listener: Listener;

  /** @param reason - what the start is to fail with */
  constructor(reason: () => Error) {
    this.listener = (signal) => {
      this.received ??= { signal, heardByOthers: countOthers(signal) > 0 };
      this.controller.abort(reason());
    };
    this.listener[OURS] = true;
    for (const signal of SIGNALS) process.on(signal, this.listener);
  }

  /** Aborted at the first signal. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Stops listening; to be called when everything the start had opened is closed again. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.listener);
    if (this.received?.heardByOthers === false) process.kill(process.pid, this.received.signal);
  }
}

/** Several connections may be starting at once, each with a listener of its own. */
function countOthers(signal: NodeJS.Signals): number {
  return process.listeners(signal).filter((listener) => (listener as Listener)[OURS] !== true).length;
}

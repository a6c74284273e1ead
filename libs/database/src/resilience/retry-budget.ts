/** How many repetitions are allowed; what more there are only add to the load that made them necessary. */
export interface RetryBudgetLimits {
  /** Of the calls of the last 10 seconds. */
  readonly percent: number;
  /** Allowed in any case, on average over 10 seconds: few calls are no storm. */
  readonly minPerSecond: number;
}

const WINDOW_S = 10;

interface Second {
  readonly at: number;
  calls: number;
  retries: number;
}

/**
 * Bounds what repetitions add to the load when most calls fail: by their share in the calls of the last 10 seconds.
 *
 * The share is the one of https://sre.google/sre-book/handling-overload/ ("per-client retry budget").
 */
export class RetryBudget {
  /** One entry for each of the last seconds in which something happened. */
  private readonly seconds: Second[] = [];

  /** @param now - in milliseconds, monotonic */
  constructor(
    readonly limits: RetryBudgetLimits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** A call has begun, the first attempt of which is none of the budget's affair. */
  call(): void {
    this.current().calls += 1;
  }

  /** @returns whether a repetition is allowed, which counts as made then */
  take(): boolean {
    const current = this.current();
    let calls = 0;
    let retries = 0;
    for (const second of this.seconds) {
      calls += second.calls;
      retries += second.retries;
    }
    const { percent, minPerSecond } = this.limits;
    if (retries + 1 > Math.max(minPerSecond * WINDOW_S, (calls * percent) / 100)) return false;
    current.retries += 1;
    return true;
  }

  private current(): Second {
    const at = Math.floor(this.now() / 1_000);
    const last = this.seconds.at(-1);
    if (last?.at === at) return last;
    while (this.seconds[0] !== undefined && this.seconds[0].at <= at - WINDOW_S) this.seconds.shift();
    const current = { at, calls: 0, retries: 0 };
    this.seconds.push(current);
    return current;
  }
}

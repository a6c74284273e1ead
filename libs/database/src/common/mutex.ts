/** Lets one piece of work run at a time, first come, first served. */
export class Mutex {
  private held = false;
  private readonly waiting: (() => void)[] = [];

  /** Whether nothing runs and nothing waits. */
  get idle(): boolean {
    return !this.held;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.held) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    }
    this.held = true;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // Handed over, and not freed first: whoever comes in between would overtake.
      if (next === undefined) this.held = false;
      else next();
    }
  }
}

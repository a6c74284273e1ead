/** Lets one piece of work run at a time, first come, first served. */
export class Mutex {
  private held = false;
  private readonly waiting: (() => void)[] = [];

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.enter();
    if (turn !== undefined) await turn;
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /**
   * Takes the next turn, for work that is asked for too often to be wrapped; it calls {@link Mutex.leave} when it has settled.
   *
   * @returns resolves when the turn has come; undefined when that is now
   */
  enter(): Promise<void> | undefined {
    if (!this.held) {
      this.held = true;
      return undefined;
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  leave(): void {
    const next = this.waiting.shift();
    // Handed over, and not freed first: whoever comes in between would overtake.
    if (next === undefined) this.held = false;
    else next();
  }
}

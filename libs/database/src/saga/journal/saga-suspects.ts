/** After so many recoveries a saga is one that may end its process; before that it is more likely to have been beside one. */
const FROM = 3;
/** More than this at the same time are not told apart from all others any more. */
const MOST = 1_024;

/**
 * From which recovery on a saga is suspected: early enough for those beside the one at fault to be told apart from it before
 * they have reached their limit.
 */
export function suspectedFrom(maxRecoveries: number): number {
  return Math.max(1, Math.min(FROM, Math.floor(maxRecoveries / 2)));
}

/**
 * The sagas of an instance whose owners have died again and again. It takes them one at a time, and more of them once those
 * have ended here, or have been here for a time, and the process is alive: so the one at fault takes few others with it, and
 * each time different ones, and one that only waits for long keeps nobody waiting.
 */
export class SagaSuspects {
  /** Since when, by `performance.now()`. */
  private readonly held = new Map<string, number>();
  private allowed = 1;

  /** @param patienceMs - for how long one of them is believed to be what ends its process */
  constructor(private readonly patienceMs: number) {}

  /** How many more of them may be taken now. */
  get room(): number {
    const before = performance.now() - this.patienceMs;
    for (const [id, since] of this.held) if (since <= before) this.release(id);
    return Math.max(0, this.allowed - this.held.size);
  }

  take(id: string): void {
    this.held.set(id, performance.now());
  }

  /** It is not here any more, whatever has become of it, or is none that is suspected. */
  release(id: string): void {
    if (this.held.delete(id)) this.allowed = Math.min(2 * this.allowed, MOST);
  }
}

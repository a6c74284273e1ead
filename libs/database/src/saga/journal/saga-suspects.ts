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
 * have ended here and the process is alive: so the one at fault takes few others with it, and each time different ones.
 */
export class SagaSuspects {
  private readonly held = new Set<string>();
  private allowed = 1;

  /** How many more of them may be taken now. */
  get room(): number {
    return Math.max(0, this.allowed - this.held.size);
  }

  take(id: string): void {
    this.held.add(id);
  }

  /** It is not here any more, whatever has become of it; nothing where it was none of them. */
  release(id: string): void {
    if (this.held.delete(id)) this.allowed = Math.min(2 * this.allowed, MOST);
  }
}

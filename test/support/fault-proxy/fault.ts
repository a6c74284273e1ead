import { until } from '../until.js';

const NOTICE_TIMEOUT_MS = 10_000;

/** A fault that is in force: how often it has struck, and the way to end it. */
export class Fault {
  private count = 0;
  private end!: () => void;
  /** Resolves when it is no longer in force. */
  readonly removed: Promise<void>;
  isRemoved = false;

  constructor(
    readonly name: string,
    private readonly onRemove: (fault: Fault) => void,
  ) {
    this.removed = new Promise((resolve) => (this.end = resolve));
  }

  /** How often it has struck. */
  get fired(): number {
    return this.count;
  }

  /** Notes that it has struck. */
  strike(): void {
    this.count += 1;
  }

  /** Waits until it has struck; a fault that never does is a test that proves nothing. */
  async happened(times = 1): Promise<void> {
    if (await until(() => this.count >= times, NOTICE_TIMEOUT_MS)) return;
    throw new Error(`The fault "${this.name}" struck ${this.count} times instead of ${times}.`);
  }

  /** Ends it: what it held back goes on, and connections of which it has swallowed bytes are reset. */
  remove(): void {
    if (this.isRemoved) return;
    this.isRemoved = true;
    this.end();
    this.onRemove(this);
  }
}

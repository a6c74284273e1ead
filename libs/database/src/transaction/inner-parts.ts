import { Mutex } from '../common/mutex.js';
import { PartCall } from './part-call.js';

/** What inner parts need to know of the one they are in. */
export interface InnerPartsOwner {
  /** Settles like `work`, or rejects as soon as the time of the transaction is up. */
  before<Result>(work: Promise<Result>): Promise<Result>;
  /** @throws what has ended the part */
  refuseClosed(): void;
}

/** Inner parts that run one after the other. */
class Lane {
  private readonly turns = new Mutex();
  /** Resolves when the last one has ended that was asked for; undefined when none runs. */
  running: Promise<void> | undefined;

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.turns.run(work);
    const running: Promise<void> = result.then(ignore, ignore).then(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return result;
  }
}

/**
 * Keeps the savepoints of a part from lying inside of each other, and its calls from falling into them: inner parts run one
 * after the other, and none while a call is under way. What is begun inside of a call, by a hook of an extension, goes first:
 * whoever waits for the call waits for it as well. It waits for the other calls, but for those that wait in the same way.
 */
export class InnerParts {
  // Most transactions have none.
  private own: Lane | undefined;
  private inCall: Lane | undefined;
  /** Set while one of them really runs, and does not wait for its turn. */
  private runningInCall: Promise<unknown> | undefined;
  private readonly calls = new Set<PartCall>();
  /** Calls of `transactions.run` that have joined. */
  private joined = 0;
  private waiting: (() => void)[] | undefined;

  constructor(private readonly owner: InnerPartsOwner) {}

  /** Whether a call falls into no savepoint. */
  isFree(isInCall: boolean): boolean {
    return this.runningFor(isInCall) === undefined;
  }

  /** Resolves when it is; rejects when the part has ended by then. */
  async whenFree(isInCall: boolean): Promise<void> {
    for (let running = this.runningFor(isInCall); running !== undefined; running = this.runningFor(isInCall))
      await this.owner.before(running);
    this.owner.refuseClosed();
  }

  /** Counts a call as under way until it has settled. */
  beginCall(part: object, outer: PartCall | undefined): PartCall {
    const call = new PartCall(part, outer, this.endCall);
    this.calls.add(call);
    return call;
  }

  /** Counts `work` as a part of the whole that nobody may end before it has settled. */
  async join<Result>(work: () => Promise<Result>): Promise<Result> {
    this.joined += 1;
    try {
      return await work();
    } finally {
      this.joined -= 1;
      this.wake();
    }
  }

  /** @param call - that in which the inner part was begun, and which waits for it */
  run<Result>(work: () => Promise<Result>, call: PartCall | undefined): Promise<Result> {
    return call === undefined ? this.runAlone(work) : this.runInCall(work, call);
  }

  private runAlone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.own ??= new Lane();
    return this.own.run(async () => {
      await this.drained();
      this.owner.refuseClosed();
      return await work();
    });
  }

  private async runInCall<Result>(work: () => Promise<Result>, call: PartCall): Promise<Result> {
    call.wait(1);
    this.wake();
    this.inCall ??= new Lane();
    try {
      return await this.inCall.run(async () => {
        while (this.isDisturbed(call)) await this.change();
        this.owner.refuseClosed();
        const running = work();
        this.runningInCall = running.then(ignore, ignore);
        try {
          return await running;
        } finally {
          this.runningInCall = undefined;
        }
      });
    } finally {
      call.wait(-1);
    }
  }

  /** Whether a statement of another call may reach the server while an inner part of this one runs. */
  private isDisturbed(call: PartCall): boolean {
    for (const other of this.calls) if (!other.isWaiting && !call.isWithin(other)) return true;
    return false;
  }

  /** Resolves when no call is under way any more: what reaches the server later falls into another part. */
  async drained(): Promise<void> {
    while (this.calls.size > 0 || this.inCall?.running !== undefined)
      await (this.inCall?.running ?? this.change());
  }

  /** Whether something of it still runs that belongs to it. */
  get busy(): boolean {
    return this.joined > 0 || this.runningFor(false) !== undefined;
  }

  /** Resolves when nothing of it runs any more. */
  async ended(): Promise<void> {
    while (this.busy) await (this.runningFor(false) ?? this.change());
  }

  private runningFor(isInCall: boolean): Promise<unknown> | undefined {
    return isInCall ? this.runningInCall : (this.own?.running ?? this.inCall?.running);
  }

  private readonly endCall = (call: PartCall): void => {
    this.calls.delete(call);
    this.wake();
  };

  private change(): Promise<void> {
    return new Promise((resolve) => (this.waiting ??= []).push(resolve));
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }
}

function ignore(): void {
  // Its own caller gets the failure.
}

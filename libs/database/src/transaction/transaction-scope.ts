import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import { setMaxListeners } from 'node:events';
import { InnerParts, type InnerPartsOwner } from './inner-parts.js';
import type { TailEntry } from './tail-entry.js';
import { TransactionHooks } from './transaction-hooks.js';
import type { TransactionClientSource } from './transaction-runner.port.js';
import type { TransactionSession } from './transaction-session.port.js';
import type { ResolvedTransactionOptions } from './transaction.options.js';

/** Why a part of a transaction must not be committed. */
export interface RollbackMark {
  /** The call that failed, or asked for it. */
  readonly by: string;
  /** Its failure; undefined where it asked for the rollback. */
  readonly cause: unknown;
  /** Whether the part itself asked for it, which is then no surprise to whoever started it. */
  readonly ownWish: boolean;
}

/** One physical transaction: one attempt at one piece of work. */
export class PhysicalTransaction {
  /** Set, the work is not repeated any more: it has done something that no rollback takes back. */
  hasSideEffect = false;
  private controller: AbortController | undefined;

  constructor(
    readonly name: string,
    readonly attempt: number,
    readonly options: ResolvedTransactionOptions,
    readonly clients: TransactionClientSource,
    readonly session: TransactionSession,
    /** The one that waits while it runs, and would do it again if it were repeated itself. */
    private readonly around?: PhysicalTransaction,
  ) {}

  /** It has done something that no rollback takes back: neither it nor those around it are repeated any more. */
  noteSideEffect(): void {
    this.hasSideEffect = true;
    this.around?.noteSideEffect();
  }

  /** Aborted when the time is up. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Why it was ended by force; undefined where it was not. */
  get abortReason(): Error | undefined {
    return this.controller?.signal.reason as Error | undefined;
  }

  /** Settles like `work`, or rejects as soon as the time is up. */
  before<Result>(work: Promise<Result>): Promise<Result> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        reject(signal.reason as Error);
      };
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      void work.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', giveUp);
      });
    });
  }

  abort(reason: Error): void {
    this.session.abort(reason);
    this.ending.abort(reason);
  }

  private get ending(): AbortController {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      // As many may wait as there are statements.
      setMaxListeners(0, this.controller.signal);
    }
    return this.controller;
  }
}

/** A part of a transaction that is kept or taken back as a whole: all of it, or a savepoint of it. */
export class TransactionPart implements InnerPartsOwner {
  readonly hooks = new TransactionHooks();
  /** Closed as soon as its call settles; work that comes later is refused. */
  state: 'open' | 'closed' = 'open';
  /** Set, it is not committed. */
  mark: RollbackMark | undefined;
  /** What is sent in front of COMMIT; goes with the part when that is taken back. */
  tail: TailEntry[] | undefined;
  /** Counted from 0, which is the whole. */
  readonly depth: number;
  readonly inner: InnerParts;
  private running: TransactionPart | undefined;

  constructor(
    readonly transaction: PhysicalTransaction,
    /** The part this one is a savepoint of; undefined for the whole. */
    private readonly outer?: TransactionPart,
  ) {
    this.depth = outer === undefined ? 0 : outer.depth + 1;
    this.inner = new InnerParts(this);
  }

  get session(): TransactionSession {
    return this.transaction.session;
  }

  /** Whether it has ended, or what it is a part of. */
  get closed(): boolean {
    return this.state === 'closed' || this.outer?.closed === true;
  }

  /** @throws what has ended it */
  refuseClosed(): void {
    if (this.closed) throw this.transaction.abortReason ?? new TransactionScopeClosedError();
  }

  /** Whether it is `other`, or lies inside of it. */
  isWithin(other: TransactionPart): boolean {
    return this === other || this.outer?.isWithin(other) === true;
  }

  before<Result>(work: Promise<Result>): Promise<Result> {
    return this.transaction.before(work);
  }

  /** An inner part that is about to run; there is one at a time. */
  begin(inner: TransactionPart): void {
    this.running = inner;
  }

  /** Closes it, and what still runs inside of it: that is rolled back along with it, and its hooks come with those of the part. */
  fail(cause: unknown): void {
    this.state = 'closed';
    this.running?.fail(cause);
    if (this.running !== undefined) this.hooks.adoptFailed(this.running.hooks, cause);
  }

  markForRollback(mark: RollbackMark): void {
    this.mark ??= mark;
  }

  /** Takes over what an inner part leaves to the whole that has ended well. */
  adopt({ hooks, tail }: TransactionPart): void {
    this.hooks.adopt(hooks);
    if (tail === undefined) return;
    if (this.tail === undefined) this.tail = tail;
    else this.tail.push(...tail);
  }
}

/**
 * Where the running code stands: in which part of which transaction, and by which call it came in.
 *
 * @internal
 */
export class TransactionScope {
  constructor(
    readonly part: TransactionPart,
    /** What the call is named in errors. */
    readonly name: string,
    /** Whether the call began the part, and did not join it. */
    readonly owner: boolean,
  ) {}

  get transaction(): PhysicalTransaction {
    return this.part.transaction;
  }

  get options(): ResolvedTransactionOptions {
    return this.transaction.options;
  }
}

/**
 * Called after the commit.
 *
 * @public
 */
export type AfterCommit = () => unknown;

/**
 * Called after a rollback, with what caused it.
 *
 * @public
 */
export type AfterRollback = (cause: unknown) => unknown;

interface Settled {
  readonly committed: boolean;
  readonly cause?: unknown;
}

/** What is to be done once the transaction has ended, in the order in which it was asked for. */
export class TransactionHooks {
  private readonly commit: AfterCommit[] = [];
  private readonly rollback: AfterRollback[] = [];
  /** Of inner parts that were rolled back: they are due whatever becomes of the whole. */
  private readonly due: (() => unknown)[] = [];

  get empty(): boolean {
    return this.commit.length === 0 && this.rollback.length === 0 && this.due.length === 0;
  }

  afterCommit(hook: AfterCommit): void {
    this.commit.push(hook);
  }

  afterRollback(hook: AfterRollback): void {
    this.rollback.push(hook);
  }

  /** Takes over those of an inner part that has ended well. */
  adopt(inner: TransactionHooks): void {
    this.commit.push(...inner.commit.splice(0));
    this.rollback.push(...inner.rollback.splice(0));
    this.due.push(...inner.due.splice(0));
  }

  /** Takes over, once, what an inner part wants done that was rolled back; what it wanted done after a commit is dropped. */
  adoptFailed(inner: TransactionHooks, cause: unknown): void {
    this.due.push(...inner.due.splice(0), ...inner.rollback.splice(0).map((hook) => () => hook(cause)));
    inner.commit.splice(0);
  }

  /**
   * Calls them one after the other; a failure of one does not keep the next from being called.
   *
   * @returns what they failed with
   */
  async run({ committed, cause }: Settled): Promise<unknown[]> {
    const calls = [
      ...this.due,
      ...(committed ? this.commit : this.rollback.map((hook) => () => hook(cause))),
    ];
    const failures: unknown[] = [];
    for (const call of calls) {
      try {
        await call();
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}

/** A call of a part that reaches the server some turns after it was made: an inner part that begins meanwhile waits for it. */
export class PartCall {
  isUnderWay = true;
  /** Above 0, it does nothing but wait for an inner part that was begun inside of it, or of a call within it. */
  private waits = 0;

  /**
   * @param outer - the call that it is made in, by a hook of an extension
   * @param onEnd - called when it has settled
   */
  constructor(
    readonly part: object,
    private readonly outer: PartCall | undefined,
    private readonly onEnd: (call: PartCall) => void,
  ) {}

  get isWaiting(): boolean {
    return this.waits > 0;
  }

  /** @param by - 1 when it begins to wait, -1 afterwards */
  wait(by: 1 | -1): void {
    this.waits += by;
    this.outer?.wait(by);
  }

  /** Whether it is `other`, or was made inside of it. */
  isWithin(other: PartCall): boolean {
    return this === other || this.outer?.isWithin(other) === true;
  }

  settle<Result>(begin: () => PromiseLike<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        this.end();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it is
        reject(error);
      };
      try {
        begin().then((result) => {
          this.end();
          resolve(result);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  private end(): void {
    this.isUnderWay = false;
    this.onEnd(this);
  }
}

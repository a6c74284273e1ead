/** A call of a part that reaches the server some turns after it was made: an inner part that begins meanwhile waits for it. */
export class PartCall {
  isUnderWay = true;

  /** @param onEnd - called when it has settled */
  constructor(
    readonly part: object,
    private readonly onEnd: () => void,
  ) {}

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
    this.onEnd();
  }
}

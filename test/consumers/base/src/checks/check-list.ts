/** Runs checks one after the other and says of each whether it held; a failure does not hide those that follow. */
export class CheckList {
  failed = 0;

  async check(guarantee: string, body: () => Promise<void>): Promise<void> {
    try {
      await body();
      console.log(`ok ${guarantee}`);
    } catch (error) {
      this.failed += 1;
      console.log(`FAILED ${guarantee}`);
      console.error(error);
    }
  }
}

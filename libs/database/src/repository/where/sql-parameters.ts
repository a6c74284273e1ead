/** The values of a statement that is being written, in the order of their numbers. */
export class SqlParameters {
  readonly values: unknown[] = [];

  /** The place of the value in the text: `$3`. Its type is that of the column it is compared with. */
  add(value: unknown): string {
    return `$${this.values.push(value)}`;
  }
}

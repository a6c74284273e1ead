/** What a proxy has done, in order: enough to replay a failure by reading. */
export interface LoggedAction {
  /** Monotonic milliseconds since the proxy was started. */
  readonly atMs: number;
  /** The number of the connection, counted from 1; 0 is the proxy itself. */
  readonly connection: number;
  readonly action: string;
}

export class ActionLog {
  private readonly started = performance.now();
  readonly entries: LoggedAction[] = [];

  note(connection: number, action: string): void {
    this.entries.push({ atMs: performance.now() - this.started, connection, action });
  }

  toString(): string {
    return this.entries
      .map(({ atMs, connection, action }) => `${atMs.toFixed(1)} ms #${connection} ${action}`)
      .join('\n');
  }
}

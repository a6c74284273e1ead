import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const MAX_BYTES = 1024 * 1024;
const TAIL_BYTES = 4096;
const TAIL_LINES = 12;

/**
 * The file a server writes its output to. A file, not a pipe: a pipe would stall the server when nobody reads it and would
 * kill it when its reader dies.
 */
export class ServerLog {
  constructor(readonly path: string) {}

  /** Opens the file for one run of the server; the run before last is dropped once the file has grown large. */
  open(): ServerLogRun {
    if ((statSync(this.path, { throwIfNoEntry: false })?.size ?? 0) > MAX_BYTES)
      renameSync(this.path, `${this.path}.1`);
    const descriptor = openSync(this.path, 'a', 0o600);
    return new ServerLogRun(this.path, descriptor, fstatSync(descriptor).size);
  }
}

/** What one run of the server wrote. */
export class ServerLogRun {
  constructor(
    private readonly path: string,
    readonly descriptor: number,
    private readonly start: number,
  ) {}

  /** Gives up this process' handle of the file; the server keeps its own. */
  release(): void {
    closeSync(this.descriptor);
  }

  /** The last lines, oldest first. */
  tail(): string[] {
    const file = openSync(this.path, 'r');
    try {
      const from = Math.max(this.start, fstatSync(file).size - TAIL_BYTES);
      const buffer = Buffer.alloc(TAIL_BYTES);
      const length = readSync(file, buffer, 0, TAIL_BYTES, from);
      return buffer.toString('utf8', 0, length).split('\n').filter(Boolean).slice(-TAIL_LINES);
    } finally {
      closeSync(file);
    }
  }
}

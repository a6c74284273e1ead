import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

const SAID_MS = 60_000;
/** How many lines of the journal a failure shows. */
const LAST = 40;

/**
 * Instances of a program in processes of their own, which note what they do in one journal: a line for each event, with the
 * name of the instance at its end. They end with their standard input, and none of them outlives {@link destroy}.
 */
export class ProcessGroup {
  private readonly directory = mkdtempSync(join(tmpdir(), 'processes-'));
  private readonly journal = join(this.directory, 'journal');
  private readonly file = openSync(this.journal, 'a+');
  /** Of the journal, what was read, and how far. */
  private readonly read: string[][] = [];
  private position = 0;
  private readonly children: ChildProcess[] = [];
  private log = '';

  constructor(
    private readonly program: string,
    private readonly settings: object,
  ) {}

  start(name: string, settings: object): ChildProcess {
    const given = JSON.stringify({ ...this.settings, journal: this.journal, name, ...settings });
    const child = spawn(process.execPath, [this.program, given], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
    });
    // One that is killed does not read to the end.
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (this.log = (this.log + text).slice(-20_000)));
    this.children.push(child);
    return child;
  }

  /** Waits until an instance is dead, which it must be by SIGKILL. */
  async killed(child: ChildProcess, name: string): Promise<void> {
    await this.holds(`${name} is not dead`, () => isOver(child));
    if (child.signalCode !== 'SIGKILL') throw new Error(`${name} was not killed.\n${this.last()}`);
  }

  /** Waits until an instance has ended by itself. */
  async ended(child: ChildProcess, name: string): Promise<void> {
    await this.holds(`${name} does not end`, () => isOver(child));
    if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode}.\n${this.last()}`);
  }

  /** The journal, by words. A line without its end is one that is being written, or whose process was killed. */
  words(): readonly string[][] {
    const bytes = Buffer.alloc(fstatSync(this.file).size - this.position);
    const length = readSync(this.file, bytes, 0, bytes.length, this.position);
    const end = bytes.subarray(0, length).lastIndexOf('\n') + 1;
    this.position += end;
    const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
    for (const line of lines) this.read.push(line.split(' '));
    return this.read;
  }

  async said(event: string, name: string, timeoutMs = SAID_MS): Promise<void> {
    const found = () => this.words().some((words) => words[0] === event && words.at(-1) === name);
    await this.holds(`${name} has not said "${event}"`, found, timeoutMs);
  }

  /** Waits for a condition, and fails with what the processes have written when it does not come. */
  async holds(
    otherwise: string,
    condition: () => boolean | Promise<boolean>,
    timeoutMs = SAID_MS,
  ): Promise<void> {
    if (!(await until(condition, timeoutMs))) throw new Error(`${otherwise}.\n${this.last()}`);
  }

  /** Asks every instance to close, and waits for it. */
  async closeAll(): Promise<void> {
    await Promise.all(
      this.children.splice(0).map(async (child) => {
        if (isOver(child)) return;
        child.stdin?.end();
        await once(child, 'close');
      }),
    );
  }

  async destroy(): Promise<void> {
    for (const child of this.children.splice(0)) {
      if (isOver(child)) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    closeSync(this.file);
    rmSync(this.directory, { recursive: true });
  }

  /** What they have noted and written last. */
  private last(): string {
    const noted = this.words()
      .slice(-LAST)
      .map((words) => words.join(' '));
    return [...noted, this.log].join('\n');
  }
}

function isOver({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

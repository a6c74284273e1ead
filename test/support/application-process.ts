import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const PROGRAM = fileURLToPath(new URL('../integration/lifecycle/application-program.mjs', import.meta.url));

export interface ApplicationEvent {
  readonly event: string;
  readonly at: number;
  readonly port?: number;
  readonly accepted?: number;
  readonly code?: string;
  readonly message?: string;
}

export interface ApplicationExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A Nest application with the library in a process of its own, to which signals can be sent. */
export class ApplicationProcess {
  readonly events: ApplicationEvent[] = [];
  readonly exited: Promise<ApplicationExit>;
  log = '';
  private readonly child: ChildProcess;

  constructor(settings: object) {
    this.child = spawn(process.execPath, [PROGRAM, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', NO_COLOR: '1' },
    });
    const { stdout, stderr } = this.child;
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        if (line.startsWith('{')) this.events.push({ ...JSON.parse(line), at: performance.now() });
        else this.log += `${line}\n`;
      });
    }
    stderr?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  /** Waits for an event, and fails with what the process has said when it does not come. */
  async event(name: string, timeoutMs = 20_000): Promise<ApplicationEvent> {
    const find = () => this.events.find(({ event }) => event === name);
    await until(() => find() !== undefined || this.child.exitCode !== null, timeoutMs);
    const found = find();
    if (found !== undefined) return found;
    throw new Error(`No "${name}": ${JSON.stringify(this.events)}\n${this.log}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends what is left of it, for the clean-up of a test that failed. */
  async destroy(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.exited;
  }
}

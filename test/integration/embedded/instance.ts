import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EmbeddedPostgresOptions } from '../../../libs/database/src/embedded/index.js';

const PROGRAM = fileURLToPath(new URL('instance-program.mjs', import.meta.url));
const ANSWER_TIMEOUT_MS = 25_000;

export interface InstanceOptions {
  readonly server?: 'postgres' | 'redis';
  readonly options: EmbeddedPostgresOptions;
  /** Runs it as a user without rights; needs root. */
  readonly unprivileged?: boolean;
  /** It does nothing after the start, so that it ends if the server does not keep it alive. */
  readonly idle?: boolean;
  readonly cwd?: string;
  /** Variables that replace those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An environment in which the system cannot tie a server's life to its owner's (`setpriv` is not found). */
export const WITHOUT_DEATH_SIGNAL = { PATH: '/nonexistent' };

export interface InstanceState {
  readonly owned: boolean;
  readonly serverProcessId: number | null;
}

export interface ReadyInstance extends InstanceState {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
}

interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** An application in a process of its own that uses an embedded server. */
export class Instance {
  private static readonly running = new Set<Instance>();
  private readonly events: Event[] = [];
  private readonly child: ChildProcess;
  private wake = () => {};
  errorOutput = '';

  constructor({
    server = 'postgres',
    options,
    unprivileged = false,
    idle = false,
    cwd,
    env,
  }: InstanceOptions) {
    const command = [process.execPath, PROGRAM, JSON.stringify({ server, options, idle })];
    const wrapper = unprivileged ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];
    const [file = '', ...args] = [...wrapper, ...command];
    // A process group of its own, so that a test can signal it as the terminal would.
    this.child = spawn(file, args, {
      detached: true,
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    Instance.running.add(this);
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.events.push(JSON.parse(line) as Event);
      this.wake();
    });
    this.child.stderr!.on('data', (data: Buffer) => (this.errorOutput += data.toString()));
    this.child.once('exit', () => this.wake());
  }

  /** Starts an instance and waits until its server answers. */
  static async ready(options: InstanceOptions): Promise<Instance & { readonly server: ReadyInstance }> {
    const instance = new Instance(options);
    const server = (await instance.next('ready')) as unknown as ReadyInstance;
    return Object.assign(instance, { server });
  }

  /** Ends what a test has left running. */
  static async endAll(): Promise<void> {
    await Promise.all([...Instance.running].map((instance) => instance.kill()));
  }

  get pid(): number {
    return this.child.pid!;
  }

  get logLines(): string[] {
    return this.events.filter(({ event }) => event === 'log').map(({ line }) => String(line));
  }

  /** The next event of this kind that no one has taken yet. */
  async next(kind: string): Promise<Event> {
    const deadline = setTimeout(() => this.wake(), ANSWER_TIMEOUT_MS);
    const end = performance.now() + ANSWER_TIMEOUT_MS;
    try {
      for (;;) {
        const index = this.events.findIndex(({ event }) => event === kind);
        if (index >= 0) return this.events.splice(index, 1)[0]!;
        if (this.child.exitCode !== null || this.child.signalCode !== null || performance.now() > end) {
          throw new Error(`No "${kind}" came: ${JSON.stringify(this.events)} ${this.errorOutput}`);
        }
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  async state(): Promise<InstanceState> {
    this.child.stdin!.write('state\n');
    const { owned, serverProcessId } = (await this.next('state')) as unknown as InstanceState;
    return { owned, serverProcessId };
  }

  async stop(): Promise<void> {
    this.child.stdin!.end('stop\n');
    await this.next('stopped');
    await this.exited();
  }

  /** What Ctrl-C in a terminal does: the whole process group is interrupted. */
  interruptGroup(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited();
  }

  async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    Instance.running.delete(this);
    return this.child.exitCode;
  }
}

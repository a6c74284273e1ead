import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_TIMEOUT_MS = 60_000;

export interface ShopExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The shop as a process of its own, started as a user would start it. */
export class ShopProcess {
  private readonly marker = randomUUID();
  private readonly child: ChildProcess;
  readonly exited: Promise<ShopExit>;
  stdout = '';
  stderr = '';

  /**
   * `npm` runs the real `npm start`; `node` the built application, which is what `npm start` ends in.
   *
   * @param root - the workspace, or a copy of what the application needs of it
   */
  constructor(how: 'npm' | 'node', env: NodeJS.ProcessEnv, root = ROOT) {
    const [command, args] =
      how === 'npm' ? ['npm', ['start']] : [process.execPath, ['apps/shop/dist/main.js']];
    this.child = spawn(command, args, {
      cwd: root,
      // A process group of its own, as a terminal gives it: Ctrl-C reaches every process of the group.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...withoutTestSettings(process.env), PORT: '0', ...env, SHOP_TEST_MARKER: this.marker },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error('The process could not be started.');
    return pid;
  }

  /** The address the shop has printed. */
  get url(): string {
    const [, url] = /The shop is open at (\S+)/.exec(this.stdout) ?? [];
    if (url === undefined) throw new Error(`The shop is not open.\n${this.stdout}\n${this.stderr}`);
    return url;
  }

  /** Waits until the shop has printed all of its greeting. */
  async open(): Promise<this> {
    const ended = () => this.child.exitCode !== null || this.child.signalCode !== null;
    await until(() => /The shop is open at/.test(this.stdout) || ended(), START_TIMEOUT_MS);
    if (ended()) throw new Error(`The shop ended instead of opening.\n${this.stdout}\n${this.stderr}`);
    void this.url;
    return this;
  }

  /** Sends a signal to the process that was started, as `kill` does. */
  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Sends SIGINT to the whole process group, as a terminal does for Ctrl-C. */
  pressControlC(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Every live process that descends from this one, wherever it was re-parented to, as `pid command`. */
  descendants(): string[] {
    return processes()
      .filter(({ environment, pid }) => pid !== process.pid && environment.includes(this.marker))
      .map(print);
  }

  /** Ends what is left of it, for the clean-up of a test that failed. */
  async destroy(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.pid, 'SIGKILL');
    await this.exited;
  }
}

/**
 * The processes whose command line names `directory`, or which work in it: the servers that keep their data there. A
 * Redis is known by the latter alone: it is told its settings in secret and has next to no environment.
 */
export function processesIn(directory: string): string[] {
  return processes()
    .filter(({ command, cwd }) => command.includes(directory) || `${cwd}/`.startsWith(`${directory}/`))
    .map(print);
}

/** A data directory in the temporary directory that an unprivileged server process can reach. */
export async function createDataDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'shop-data-'));
  await chmod(path, 0o755);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

interface RunningProcess {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
  readonly cwd: string;
}

const print = ({ pid, command }: RunningProcess) => `${pid} ${command}`;

function processes(): RunningProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({
      pid: Number(name),
      command: read(name, 'cmdline'),
      environment: read(name, 'environ'),
      cwd: workingDirectory(name),
    }))
    .filter(({ command }) => command !== '');
}

/** Processes come and go while they are listed, and those of other users cannot be read. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** What a user's shell does not have: the settings of this test run. */
function withoutTestSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {
    NODE_ENV: _nodeEnv,
    NODE_OPTIONS: _nodeOptions,
    DATABASE_URL: _database,
    REDIS_URL: _redis,
    ...rest
  } = env;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !/^(JEST|TEST|npm)_/i.test(name)));
}

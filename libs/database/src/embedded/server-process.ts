import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { pause } from './event-loop.js';
import type { ServerAccount } from './server-account.js';
import type { ServerLog, ServerLogRun } from './server-log.js';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Reachable for the account; a server inherits no working directory it may not enter. */
  readonly cwd: string;
  readonly account: ServerAccount | null;
  readonly env?: Readonly<Record<string, string>>;
  readonly log: ServerLog;
  /** What the program reads from its standard input: the place for secrets, which everybody can see in arguments. */
  readonly stdin?: string;
  /** From the gentlest to the surest, each with the time it is given. */
  readonly stopSignals: readonly StopSignal[];
}

export interface StopSignal {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/** What a server needs to know of the environment; the rest may hold secrets of the application. */
const INHERITED = ['PATH', 'TZ', 'HOME', 'SystemRoot', 'TEMP', 'TMP'] as const;

/**
 * A program started by this process that does not outlive it, not even when this process is killed with SIGKILL.
 *
 * On Linux the kernel sends the program an interrupt when this process ends (`setpriv --pdeathsig`); elsewhere a listener
 * for the end of this process does, which SIGKILL bypasses. The program has a session of its own, so that Ctrl-C in the
 * terminal reaches this process alone, which then decides when the program stops. It never keeps the event loop alive.
 */
export class ServerProcess {
  /** Resolves once the program has ended. Who awaits it keeps the event loop alive. */
  readonly exited: Promise<void>;

  private constructor(
    readonly pid: number,
    private readonly child: ChildProcess,
    private readonly run: ServerLogRun,
    private readonly stopSignals: readonly StopSignal[],
  ) {
    this.exited = new Promise((resolve) => {
      if (this.hasExited) resolve();
      else child.once('exit', () => resolve());
    });
  }

  static async launch(command: ServerCommand): Promise<ServerProcess> {
    const wrapper = await deathSignalWrapper(command.account);
    const run = command.log.open();
    try {
      const child = spawn(
        wrapper === null ? command.command : wrapper.command,
        wrapper === null ? command.args : [...wrapper.args, command.command, ...command.args],
        {
          cwd: command.cwd,
          env: { ...inheritedEnvironment(), LC_ALL: 'C', ...command.env },
          stdio: [command.stdin === undefined ? 'ignore' : 'pipe', run.descriptor, run.descriptor],
          detached: process.platform !== 'win32',
          windowsHide: true,
          ...(wrapper === null && command.account !== null ? command.account : {}),
        },
      );
      child.unref();
      // A program that ended before it read everything: its exit says so.
      child.stdin?.on('error', () => undefined).end(command.stdin);
      await once(child, 'spawn');
      // From here on only a signal that could not be sent, which the missing exit tells.
      child.on('error', () => undefined);
      if (wrapper === null) killWithThisProcess(child);
      return new ServerProcess(child.pid as number, child, run, command.stopSignals);
    } finally {
      run.release();
    }
  }

  get hasExited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** How the program ended, for a message. */
  get exitReason(): string {
    if (this.child.signalCode !== null) return `it was ended by ${this.child.signalCode}`;
    return this.child.exitCode === null
      ? 'it is still running'
      : `it exited with code ${this.child.exitCode}`;
  }

  /** The last lines the program wrote. */
  output(): string[] {
    return this.run.tail();
  }

  /** Ends the program: each signal in turn, until one has worked. */
  async stop(): Promise<void> {
    for (const { signal, waitMs } of this.stopSignals) {
      if (this.hasExited) return;
      this.child.kill(signal);
      await Promise.race([this.exited, pause(waitMs)]);
    }
  }
}

function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function killWithThisProcess(child: ChildProcess): void {
  const kill = () => void child.kill('SIGINT');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
}

interface Wrapper {
  readonly command: string;
  readonly args: readonly string[];
}

let supportsDeathSignal: Promise<boolean> | undefined;

/** The command that ties the program's life to this process, or null where the system has none. */
async function deathSignalWrapper(account: ServerAccount | null): Promise<Wrapper | null> {
  if (process.platform !== 'linux') return null;
  supportsDeathSignal ??= new Promise((resolve) =>
    execFile('setpriv', ['--pdeathsig', 'INT', 'true'], (error) => resolve(error === null)),
  );
  if (!(await supportsDeathSignal)) return null;
  const change =
    account === null ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  return { command: 'setpriv', args: [...change, '--pdeathsig', 'INT', '--'] };
}

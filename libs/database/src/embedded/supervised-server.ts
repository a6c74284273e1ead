import { inspect } from 'node:util';
import { EmbeddedStartError } from './embedded.errors.js';
import type { EmbeddedServer } from './embedded-server.js';
import { holdingEventLoop, pause } from './event-loop.js';
import { KnownProcess } from './process-liveness.js';
import type { ServerProcess } from './server-process.js';
import { messageOf } from './system-error.js';

/** What is known of the server of a data directory: it answers, it is about to or about to end, or there is none. */
export type Sighting =
  | { readonly state: 'ready'; readonly pid: number; readonly port: number }
  | { readonly state: 'busy' }
  | { readonly state: 'absent' };

/** One kind of server, as the supervisor sees it. */
export interface ServerProgram {
  readonly product: string;
  readonly dataDir: string;
  /**
   * Looks for the running server of this data directory and makes sure that it is that one.
   *
   * @param port - the port the server has to have because it had it before; undefined while none has been seen.
   */
  sight(port: number | undefined): Promise<Sighting>;
  /** Starts the server; of several that are started for one data directory at most one stays. */
  launch(port: number | undefined): Promise<ServerProcess>;
  /** Whether the output of a server that ended tells of an obstacle that may go away, such as a port in use. */
  isPassing(output: readonly string[]): boolean;
  url(port: number): string;
}

const WATCH_INTERVAL_MS = 150;
const POLL_INTERVAL_MS = 20;
const START_TIMEOUT_MS = 30_000;
/** How long a passing obstacle is waited for: after a crash PostgreSQL's old processes may hold on for some seconds. */
const OBSTACLE_TIMEOUT_MS = 6_000;
const OBSTACLE_PAUSE_MS = 150;

/** How often a server that has gone is started in vain. */
const RECOVERY_ATTEMPTS = 5;
const RECOVERY_PAUSE_MS = 1_000;

/**
 * Keeps the server of a data directory running for this instance: uses the one that runs, starts it where none does, and
 * starts it again on the same port when it has gone, whoever had started it.
 *
 * Instances do not talk to each other. Each watches the server's process; the server itself (by its lock file or its port)
 * sees to it that of several instances that start it at once one succeeds. That one owns it.
 */
export class SupervisedServer implements EmbeddedServer {
  /** The server's process where this instance has started it. */
  #process: ServerProcess | undefined;
  /** The running server's process, whoever has started it. */
  #server: KnownProcess | undefined;
  #port: number | undefined;
  #watch: NodeJS.Timeout | undefined;
  #recovery: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(
    private readonly program: ServerProgram,
    private readonly log: (line: string) => void,
  ) {}

  static async start(program: ServerProgram, log: (line: string) => void): Promise<SupervisedServer> {
    const server = new SupervisedServer(program, log);
    await holdingEventLoop(() => server.#acquire());
    server.#watch = setInterval(() => server.#check(), WATCH_INTERVAL_MS).unref();
    return server;
  }

  get url(): string {
    return this.program.url(this.port);
  }

  get port(): number {
    return this.#port ?? 0;
  }

  get dataDir(): string {
    return this.program.dataDir;
  }

  get owned(): boolean {
    return this.#process !== undefined && !this.#process.hasExited;
  }

  get serverProcessId(): number | undefined {
    return this.#server?.isAlive === true ? this.#server.pid : undefined;
  }

  stop(): Promise<void> {
    this.#stopping ??= holdingEventLoop(async () => {
      clearInterval(this.#watch);
      await this.#recovery;
      await this.#process?.stop();
    });
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  toJSON(): Readonly<Record<string, unknown>> {
    return { product: this.program.product, port: this.port, dataDir: this.dataDir, owned: this.owned };
  }

  [inspect.custom](): string {
    return `${this.program.product} ${inspect(this.toJSON())}`;
  }

  /** Starts the server again when its process has gone; does nothing while that is under way. */
  #check(): void {
    if (this.#recovery !== undefined || this.#server?.isAlive === true) return;
    this.#recovery = this.#recover().finally(() => (this.#recovery = undefined));
  }

  async #recover(): Promise<void> {
    const server = `The embedded ${this.program.product}`;
    this.log(`${server} has gone; starting it again on port ${this.port}.`);
    for (let attempt = 1; this.#stopping === undefined; attempt++) {
      try {
        await this.#acquire();
        if (this.#stopping !== undefined) return;
        this.log(`${server} runs again, started by ${this.owned ? 'this' : 'another'} process.`);
        return;
      } catch (error) {
        const isLast = attempt === RECOVERY_ATTEMPTS;
        this.log(`${messageOf(error)}\n${isLast ? 'It is not tried again.' : 'It is tried again.'}`);
        if (isLast) return clearInterval(this.#watch);
        await pause(RECOVERY_PAUSE_MS);
      }
    }
  }

  /** Returns once the server answers, or this instance is being stopped. */
  async #acquire(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    let obstacleSince: number | undefined;
    let failure: EmbeddedStartError | undefined;
    while (this.#stopping === undefined) {
      const sighting = await this.program.sight(this.#port);
      if (sighting.state === 'ready') return this.#adopt(sighting, undefined);
      if (sighting.state === 'busy') {
        if (performance.now() > deadline) throw this.#unresponsive();
        await pause(POLL_INTERVAL_MS);
        continue;
      }
      // Only now: a server that ended because another instance's was faster has not failed.
      if (failure !== undefined) throw failure;
      const process = await this.#launch();
      const outcome = await this.#follow(process, deadline).catch(async (error: unknown) => {
        await process.stop();
        throw error;
      });
      if (outcome === 'up') return;
      if (outcome === 'dismissed') continue;
      const output = process.output();
      obstacleSince ??= performance.now();
      if (this.program.isPassing(output) && performance.now() - obstacleSince < OBSTACLE_TIMEOUT_MS) {
        await pause(OBSTACLE_PAUSE_MS);
      } else {
        failure = this.#failed(process, output);
      }
    }
  }

  async #launch(): Promise<ServerProcess> {
    try {
      return await this.program.launch(this.#port);
    } catch (error) {
      if (error instanceof EmbeddedStartError) throw error;
      throw new EmbeddedStartError(
        this.program.product,
        messageOf(error),
        'Check that its program can be run by this user.',
        [],
        { cause: error },
      );
    }
  }

  /** Waits until the launched server answers, has ended by itself, or is not needed any more and was ended. */
  async #follow(process: ServerProcess, deadline: number): Promise<'up' | 'ended' | 'dismissed'> {
    while (!process.hasExited) {
      const sighting = await this.program.sight(this.#port);
      if (sighting.state === 'ready' && sighting.pid === process.pid) {
        this.#adopt(sighting, process);
        return 'up';
      }
      // Ready, but not the one that was launched: another instance's was faster.
      if (sighting.state === 'ready' || this.#stopping !== undefined) {
        await process.stop();
        return 'dismissed';
      }
      if (performance.now() > deadline) throw this.#unresponsive(process.output());
      await Promise.race([pause(POLL_INTERVAL_MS), process.exited]);
    }
    return 'ended';
  }

  #adopt({ pid, port }: { pid: number; port: number }, process: ServerProcess | undefined): void {
    this.#server = new KnownProcess(pid);
    this.#port = port;
    this.#process = process;
  }

  #failed(process: ServerProcess, output: readonly string[]): EmbeddedStartError {
    return new EmbeddedStartError(
      this.program.product,
      process.exitReason,
      `Its log is in \`${this.dataDir}\`; remove what it complains about, or use a server of your own.`,
      output,
    );
  }

  #unresponsive(output: readonly string[] = []): EmbeddedStartError {
    return new EmbeddedStartError(
      this.program.product,
      `it did not answer within ${START_TIMEOUT_MS} ms`,
      `Its log is in \`${this.dataDir}\`; if a server process hangs there, end it.`,
      output,
    );
  }
}

import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { prepareDataDirectory } from './data-directory.js';
import { EmbeddedStartError } from './embedded.errors.js';
import { readServerOptions } from './embedded-postgres.options.js';
import type { EmbeddedServer, EmbeddedServerOptions } from './embedded-server.js';
import { holdingEventLoop } from './event-loop.js';
import { findFreePort, isPortFree, LOOPBACK } from './loopback-port.js';
import { greetRedis } from './redis-dialogue.js';
import { removeAbandonedScratch } from './scratch.js';
import { isWorldReachable, type ServerAccount, serverAccount } from './server-account.js';
import { ServerLog } from './server-log.js';
import { ServerProcess } from './server-process.js';
import { createPassword, type ServerState, ServerStateStore } from './server-state.js';
import { type ServerProgram, type Sighting, SupervisedServer } from './supervised-server.js';

/**
 * A Redis server for development and tests, see {@link startEmbeddedRedis}.
 *
 * @public
 */
export type EmbeddedRedis = EmbeddedServer;

/**
 * How an embedded Redis is started.
 *
 * @public
 */
export type EmbeddedRedisOptions = EmbeddedServerOptions;

const PRODUCT = 'Redis';

const STOP_SIGNALS = [
  { signal: 'SIGTERM', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

const PASSING = /Address already in use/;

/**
 * Starts the `redis-server` found in PATH, or joins the one that another instance has started for the directory; resolves
 * with null where no `redis-server` is installed.
 *
 * Ownership, takeover and secrecy are as with {@link startEmbeddedPostgres}. The data are in memory only: they are gone
 * when the server stops. The directory holds port, password and log.
 *
 * @throws {InvalidOptionsError} before anything is started.
 * @throws {EmbeddedDataDirectoryError} when the directory cannot be used.
 * @throws {EmbeddedStartError} when the installed server does not come up.
 *
 * @public
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis | null> {
  const validator = new OptionValidator();
  const resolved = readEmbeddedRedisOptions(options, validator);
  if (validator.violations.length > 0)
    throw new InvalidOptionsError('startEmbeddedRedis', validator.violations);
  const binary = findInPath('redis-server');
  if (binary === null) return null;
  return holdingEventLoop(async () => {
    const account = serverAccount();
    const dataDir = prepareDataDirectory(resolved.dataDir, account, resolved.log);
    removeAbandonedScratch(dataDir);
    // A program that only root can reach was put there by root, who may run it.
    const runAs = account !== null && isWorldReachable(binary) ? account : null;
    const program = new RedisProgram(dataDir, binary, runAs, resolved.port);
    return SupervisedServer.start(program, resolved.log);
  });
}

/** Reads options of unknown shape; the result can be used while the validator has found nothing wrong. */
export function readEmbeddedRedisOptions(
  value: unknown,
  validator: OptionValidator,
): ReturnType<typeof readServerOptions> {
  return readServerOptions(validator.object(value, '', ['dataDir', 'port', 'log']), validator);
}

class RedisProgram implements ServerProgram {
  readonly product = PRODUCT;
  private readonly log: ServerLog;
  private readonly states: ServerStateStore;
  private state: ServerState | null = null;

  constructor(
    readonly dataDir: string,
    private readonly binary: string,
    private readonly account: ServerAccount | null,
    private readonly wantedPort: number | undefined,
  ) {
    this.log = new ServerLog(join(dataDir, 'redis.log'));
    this.states = new ServerStateStore(dataDir);
  }

  url(port: number): string {
    return `redis://:${this.state?.password ?? ''}@${LOOPBACK}:${port}`;
  }

  async sight(settledPort?: number): Promise<Sighting> {
    if (settledPort === undefined) this.state = this.states.find();
    if (this.state === null) return { state: 'absent' };
    const { port, password } = this.state;
    const greeting = await greetRedis(port, password);
    if (greeting.kind === 'welcome') return { state: 'ready', pid: greeting.pid, port };
    return { state: greeting.kind === 'busy' ? 'busy' : 'absent' };
  }

  async launch(settledPort: number | undefined): Promise<ServerProcess> {
    const { port, password } =
      settledPort !== undefined && this.state !== null ? this.state : await this.agreeOnState();
    return ServerProcess.launch({
      command: this.binary,
      args: ['-'],
      stdin: configuration(port, password),
      cwd: this.dataDir,
      account: this.account,
      log: this.log,
      stopSignals: STOP_SIGNALS,
    });
  }

  isPassing(output: readonly string[]): boolean {
    return output.some((line) => PASSING.test(line));
  }

  /**
   * The state all instances use. A port that somebody else's program has taken is given up together with its password,
   * which that program has been asked about.
   */
  private async agreeOnState(): Promise<ServerState> {
    const { state, wantedPort } = this;
    if (state !== null && (wantedPort ?? state.port) === state.port && !(await this.isTaken(state)))
      return state;
    if (wantedPort !== undefined && !(await isPortFree(wantedPort))) {
      throw new EmbeddedStartError(
        PRODUCT,
        `port ${wantedPort} is in use`,
        'Give another `port`, or none to have a free one chosen.',
      );
    }
    const port = wantedPort ?? (await findFreePort(PRODUCT));
    return (this.state = this.states.replace(state, { port, password: createPassword() }));
  }

  /** Whether the port is used by anything but our server, which another instance may just have started. */
  private async isTaken({ port, password }: ServerState): Promise<boolean> {
    if (await isPortFree(port)) return false;
    const { kind } = await greetRedis(port, password);
    return kind === 'stranger' || (kind === 'silence' && !(await isPortFree(port)));
  }
}

/** Given on the standard input: arguments are visible to every user of the machine. */
function configuration(port: number, password: string): string {
  return `bind ${LOOPBACK}\nport ${port}\nrequirepass ${password}\nsave ""\nappendonly no\ndaemonize no\n`;
}

function findInPath(program: string): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    if (!isAbsolute(directory)) continue;
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return null;
}

import { join } from 'node:path';
import { prepareDataDirectory } from './data-directory.js';
import { EmbeddedDataDirectoryError, EmbeddedStartError } from './embedded.errors.js';
import {
  type EmbeddedPostgresOptions,
  type ResolvedEmbeddedPostgresOptions,
  resolveEmbeddedPostgresOptions,
} from './embedded-postgres.options.js';
import type { EmbeddedServer } from './embedded-server.js';
import { holdingEventLoop } from './event-loop.js';
import { findFreePort, isPortFree, LOOPBACK } from './loopback-port.js';
import { locatePostgres, type Machine, type PostgresBinaries, THIS_MACHINE } from './postgres-binaries.js';
import { libraryEnvironment, PostgresCluster } from './postgres-cluster.js';
import { ensureDatabase } from './postgres-database.js';
import { greetPostgres, MAINTENANCE_DATABASE, POSTGRES_USER } from './postgres-dialogue.js';
import { findPostmaster, removeMisleadingLock } from './postmaster-lock.js';
import { removeAbandonedScratch } from './scratch.js';
import { type ServerAccount, serverAccount } from './server-account.js';
import { ServerLog } from './server-log.js';
import { ServerProcess } from './server-process.js';
import { createPassword, type ServerState, ServerStateStore } from './server-state.js';
import { type ServerProgram, type Sighting, SupervisedServer } from './supervised-server.js';

/**
 * A PostgreSQL server for development and tests, see {@link startEmbeddedPostgres}.
 *
 * @public
 */
export type EmbeddedPostgres = EmbeddedServer;

const PRODUCT = 'PostgreSQL';
const PRELOADED = 'pg_stat_statements';

/** Fast shutdown: open transactions are rolled back and the next start needs no recovery. Then without the latter. */
const STOP_SIGNALS = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 3_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/** Obstacles that go away by themselves: another instance was faster, or the remains of a crash are still being cleared. */
const PASSING = /lock file ".*"|is still in use|could not bind|Address already in use/;

/**
 * Starts PostgreSQL 18 on the data directory, or joins the one that another instance has started there.
 *
 * Resolves once the server answers and the database exists. The server listens on 127.0.0.1 only and asks for a password
 * that was drawn when the data directory was created; port and password are kept there, readable for this user alone.
 * Of the instances that share the directory the one that has started the server owns it; when that one stops or dies, a
 * surviving one starts the server again on the same port, so that {@link EmbeddedServer.url} stays valid. Nothing that was
 * committed is lost. On Linux the server never outlives its owner, not even if that is killed.
 *
 * The programs come from the optional packages `@embedded-postgres/<platform>-<arch>`; the application has to depend on
 * the one for its machine.
 *
 * @throws {InvalidOptionsError} before anything is started.
 * @throws {EmbeddedUnsupportedError} when there are no programs for this machine.
 * @throws {EmbeddedDataDirectoryError} when the directory cannot be used; nothing in it was changed.
 * @throws {EmbeddedStartError} when the server does not answer in time or ends; carries its last words.
 *
 * @example
 * await using postgres = await startEmbeddedPostgres({ dataDir: '.data/postgres', database: 'shop' });
 * process.env.DATABASE_URL ??= postgres.url;
 *
 * @public
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return startPostgresOn(THIS_MACHINE, options);
}

/** {@link startEmbeddedPostgres} on a machine that may be another one than this. */
export async function startPostgresOn(
  machine: Machine,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const resolved = resolveEmbeddedPostgresOptions(options);
  return holdingEventLoop(async () => {
    const account = serverAccount();
    const dataDir = prepareDataDirectory(resolved.dataDir, account, resolved.log);
    removeAbandonedScratch(dataDir);
    const binaries = locatePostgres(machine, account, dataDir);
    const cluster = new PostgresCluster(join(dataDir, 'cluster'), binaries, account);
    const states = new ServerStateStore(dataDir);
    const state = await agreeOnState(states, cluster, resolved);
    await cluster.ensure(state.password, resolved.settings['fsync'] !== 'off');
    const program = new PostgresProgram(dataDir, cluster, binaries, account, state, resolved);
    const server = await SupervisedServer.start(program, resolved.log);
    if (server.owned && server.port !== state.port) states.replace(state, { ...state, port: server.port });
    try {
      if (resolved.database !== MAINTENANCE_DATABASE)
        await ensureDatabase(server.port, state.password, resolved.database);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  });
}

/** The password has to be known before the cluster is created with it: all instances first agree on the state. */
async function agreeOnState(
  states: ServerStateStore,
  cluster: PostgresCluster,
  { port }: ResolvedEmbeddedPostgresOptions,
): Promise<ServerState> {
  const known = states.find();
  if (known !== null) return known;
  // In this order: another instance may have created both since.
  if (cluster.exists && states.find() === null) {
    throw new EmbeddedDataDirectoryError(
      cluster.directory,
      'it is a database whose password is not known, as the file beside it that held the password is missing',
      'restore that file, or remove the directory to begin anew',
    );
  }
  return states.replace(null, { port: port ?? (await findFreePort(PRODUCT)), password: createPassword() });
}

class PostgresProgram implements ServerProgram {
  readonly product = PRODUCT;
  private readonly log: ServerLog;

  constructor(
    readonly dataDir: string,
    private readonly cluster: PostgresCluster,
    private readonly binaries: PostgresBinaries,
    private readonly account: ServerAccount | null,
    private readonly state: ServerState,
    private readonly options: ResolvedEmbeddedPostgresOptions,
  ) {
    this.log = new ServerLog(join(dataDir, 'postgres.log'));
  }

  url(port: number): string {
    return `postgresql://${POSTGRES_USER}:${this.state.password}@${LOOPBACK}:${port}/${encodeURIComponent(this.options.database)}`;
  }

  async sight(): Promise<Sighting> {
    const postmaster = findPostmaster(this.cluster.directory);
    if (postmaster === null) return { state: 'absent' };
    const { pid, port } = postmaster;
    if (port === undefined) return { state: 'busy' };
    switch (await greetPostgres(port, this.state.password)) {
      case 'welcome':
        return { state: 'ready', pid, port };
      case 'busy':
      case 'silence':
        return { state: 'busy' };
      case 'stranger':
        throw new EmbeddedDataDirectoryError(
          this.dataDir,
          `the server that runs on it (process ${pid}) does not accept the password kept in it`,
          'stop that server and restore the file with the password, or remove the directory to begin anew',
        );
    }
  }

  async launch(port: number | undefined): Promise<ServerProcess> {
    removeMisleadingLock(this.cluster.directory);
    return ServerProcess.launch({
      command: this.binaries.postgres,
      args: this.arguments(port ?? (await this.choosePort())),
      cwd: this.cluster.directory,
      account: this.account,
      ...libraryEnvironment(this.binaries),
      log: this.log,
      stopSignals: STOP_SIGNALS,
    });
  }

  isPassing(output: readonly string[]): boolean {
    return output.some((line) => PASSING.test(line));
  }

  private async choosePort(): Promise<number> {
    const { port } = this.options;
    if (port === undefined)
      return (await isPortFree(this.state.port)) ? this.state.port : findFreePort(PRODUCT);
    if (await isPortFree(port)) return port;
    throw new EmbeddedStartError(
      PRODUCT,
      `port ${port} is in use`,
      'Give another `port`, or none to have a free one chosen.',
    );
  }

  private arguments(port: number): string[] {
    const { shared_preload_libraries: preloaded = PRELOADED, ...settings } = this.options.settings;
    const all = {
      ...settings,
      shared_preload_libraries: preloaded.includes(PRELOADED) ? preloaded : `${preloaded},${PRELOADED}`,
      listen_addresses: LOOPBACK,
      unix_socket_directories: '',
    };
    return [
      '-D',
      this.cluster.directory,
      '-p',
      String(port),
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
  }
}

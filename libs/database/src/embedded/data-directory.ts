import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EmbeddedDataDirectoryError } from './embedded.errors.js';
import { isWorldReachable, type ServerAccount } from './server-account.js';
import { systemErrorCode } from './system-error.js';

/** Where root keeps what an account without rights has to reach while the project is out of its reach. */
export const SYSTEM_DIRECTORY = '/var/lib/nestjs-database';

const CHOOSE_ANOTHER = 'choose another data directory or set `DATABASE_URL`';

/**
 * Makes sure that the directory exists and can be used, and tells where it is.
 *
 * That is `wanted`, unless the server runs under an account of its own (see {@link ServerAccount}) that cannot reach it:
 * then it is a directory below {@link SYSTEM_DIRECTORY} whose name is derived from `wanted`.
 */
export function prepareDataDirectory(
  wanted: string,
  account: ServerAccount | null,
  log: (line: string) => void,
): string {
  const path = resolve(wanted);
  const existing = nearestExisting(path);
  if (!statSync(existing).isDirectory()) {
    throw new EmbeddedDataDirectoryError(
      path,
      `\`${existing}\` is not a directory`,
      `remove it or ${CHOOSE_ANOTHER}`,
    );
  }
  if (account !== null) refuseForeign(path, existing);
  if (account === null || isWorldReachable(existing)) {
    createDirectories(path, account === null ? 0o700 : 0o711);
    return path;
  }
  const name = createHash('sha256').update(canonical(path, existing)).digest('hex').slice(0, 16);
  const relocated = ensureSystemDirectory(name);
  log(
    `Running as root, and \`${existing}\` is closed to the account the server runs as: its data are in \`${relocated}\` instead of \`${path}\`.`,
  );
  return relocated;
}

/** Root could write to anybody's directory; data that another user's server has left there are not for root to take over. */
function refuseForeign(path: string, existing: string): void {
  if (existing !== path || readdirSync(path).length === 0) return;
  const owner = statSync(path).uid;
  if (owner === 0) return;
  throw new EmbeddedDataDirectoryError(
    path,
    `it holds data of user ${owner} and this process runs as root`,
    `start the application as user ${owner}, or ${CHOOSE_ANOTHER}`,
  );
}

/** A directory below {@link SYSTEM_DIRECTORY}, which nobody but root may write to: programs are run from it. */
export function ensureSystemDirectory(name: string): string {
  createDirectories(SYSTEM_DIRECTORY, 0o755);
  const stats = lstatSync(SYSTEM_DIRECTORY);
  if (stats.uid !== 0 || (stats.mode & 0o022) !== 0 || !stats.isDirectory()) {
    throw new EmbeddedDataDirectoryError(
      SYSTEM_DIRECTORY,
      'others than root may write to it',
      'remove it, it is created anew with the right owner and mode',
    );
  }
  const directory = join(SYSTEM_DIRECTORY, name);
  createDirectories(directory, 0o711);
  return directory;
}

/** Creates what is missing, with this mode whatever the umask of the process. */
function createDirectories(path: string, mode: number): void {
  const missing: string[] = [];
  for (let current = path; !existsSync(current); current = dirname(current)) missing.unshift(current);
  try {
    for (const directory of missing) {
      createDirectory(directory);
      chmodSync(directory, directory === path ? mode : mode | 0o055);
    }
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new EmbeddedDataDirectoryError(
      path,
      refusal(error, nearestExisting(path)),
      `give this user the right to write there, or ${CHOOSE_ANOTHER}`,
      {
        cause: error,
      },
    );
  }
}

/** One level at a time: the recursive form of Node 20 never ends where a file system refuses with ENOENT, as /proc does. */
function createDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

function refusal(error: unknown, existing: string): string {
  const code = systemErrorCode(error) ?? 'unknown error';
  if (code === 'EROFS') return 'the file system is read-only (EROFS)';
  if (code !== 'EACCES' && code !== 'EPERM') return `it cannot be created (${code})`;
  const user = process.getuid?.();
  return `user ${user ?? ''} may not write to \`${existing}\`, which belongs to user ${statSync(existing).uid} (${code})`;
}

function nearestExisting(path: string): string {
  let current = path;
  while (!existsSync(current)) current = dirname(current);
  return current;
}

/** The same name for the same directory, by whatever links it is reached. */
function canonical(path: string, existing: string): string {
  return realpathSync(existing) + path.slice(existing.length);
}

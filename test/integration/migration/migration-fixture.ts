import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parsePostgresUrl } from '../../../libs/database/src/config/connection-url.js';
import { OptionValidator } from '../../../libs/database/src/config/option-validator.js';
import {
  PrismaMigrationRunner,
  type MigrationRunnerSettings,
} from '../../../libs/database/src/prisma/prisma-migration.runner.js';
import { SingleConnection } from '../../../libs/database/src/postgres/single-connection.js';

export const SHOP_MIGRATIONS = 'prisma/migrations';

/** The names of the shop's migrations, in their order. */
export function shopMigrations(): string[] {
  const entries = readdirSync(SHOP_MIGRATIONS, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

const LOCKFILE = 'provider = "postgresql"\n';

/** A directory of migrations that a suite may rewrite. */
export class MigrationFixture {
  private constructor(readonly directory: string) {}

  /** @param scripts - the SQL of each migration by its name. */
  static async create(scripts: Readonly<Record<string, string>>): Promise<MigrationFixture> {
    const fixture = new MigrationFixture(await mkdtemp(path.join(tmpdir(), 'migrations-')));
    await writeFile(path.join(fixture.directory, 'migration_lock.toml'), LOCKFILE);
    for (const [name, sql] of Object.entries(scripts)) await fixture.write(name, sql);
    return fixture;
  }

  async write(name: string, sql: string): Promise<void> {
    await mkdir(path.join(this.directory, name), { recursive: true });
    await writeFile(path.join(this.directory, name, 'migration.sql'), sql);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}

export function parseUrl(url: string): Pick<MigrationRunnerSettings, 'url' | 'password' | 'tls'> {
  const parsed = parsePostgresUrl(url, 'url', new OptionValidator());
  if (parsed === undefined) throw new TypeError('The URL of the test database is not usable.');
  const { password } = parsed;
  return { url: parsed, password: password && (() => password.reveal()), tls: false };
}

/** A runner with settings that suit a test; `log` is silent unless given. */
export function createRunner(
  url: string,
  settings: Pick<MigrationRunnerSettings, 'directory'> & Partial<Omit<MigrationRunnerSettings, 'url'>>,
): PrismaMigrationRunner {
  return new PrismaMigrationRunner({
    applicationName: 'shop',
    lockTimeoutMs: 10_000,
    log: () => undefined,
    ...settings,
    ...parseUrl(url),
  });
}

export function openConnection(url: string, applicationName: string): Promise<SingleConnection> {
  return SingleConnection.open({
    ...parseUrl(url),
    applicationName,
    connectTimeoutMs: 5_000,
    target: { kind: 'postgres', connection: 'default' },
  });
}

/** What `deploy` failed with. */
export async function failureOf(deploy: Promise<unknown>): Promise<unknown> {
  return await deploy.then(
    () => undefined,
    (error: unknown) => error,
  );
}

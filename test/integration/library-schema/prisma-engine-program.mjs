/* global WebAssembly */
// What `prisma migrate dev`, `migrate diff` and `migrate reset` ask Prisma's engine, in a process of its own: a panic of
// the engine ends it. Arguments: the URL of the database, then `reset` or nothing. Prints one line of JSON.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { SingleConnection } from '../../../libs/database/dist/postgres/single-connection.js';
import { MigrationAdapterFactory } from '../../../libs/database/dist/prisma/migration-adapter.js';
import { readMigrationDirectory } from '../../../libs/database/dist/prisma/migration-directory.js';

const [, , url, command] = process.argv;
const ENGINE = '@prisma/schema-engine-wasm/schema_engine_bg';

const runtime = await import(ENGINE);
const directory = path.dirname(createRequire(import.meta.url).resolve(ENGINE));
const bytes = await readFile(path.join(directory, 'schema_engine_bg.wasm'));
const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': runtime });
runtime.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();

const filters = { externalTables: [], externalEnums: [] };
const schema = { path: 'schema.prisma', content: await readFile('prisma/schema.prisma', 'utf8') };
const open = (target) => {
  const { hostname, port, username, password, pathname } = target;
  return SingleConnection.open({
    url: {
      host: hostname,
      port: Number(port),
      user: username,
      database: pathname.slice(1),
      schema: undefined,
    },
    password: () => decodeURIComponent(password),
    tls: false,
    applicationName: 'prisma engine',
    connectTimeoutMs: 5_000,
    target: { kind: 'postgres', connection: 'default' },
  });
};
// Not Prisma's own adapter (7.10): it cannot read what the engine asks the catalogue.
const main = await open(new URL(url));
const factory = new MigrationAdapterFactory(main, undefined);
factory.connectToShadowDb = async () => {
  const name = new URL(`${url}_shadow`);
  const database = name.pathname.slice(1);
  await main.query(`CREATE DATABASE ${database}`);
  const connection = await open(name);
  const shadow = await new MigrationAdapterFactory(connection, undefined).connect();
  return Object.assign(shadow, {
    dispose: async () => {
      await connection.close();
      await main.query(`DROP DATABASE ${database} WITH (FORCE)`);
    },
  });
};
const adapter = bindMigrationAwareSqlAdapterFactory(factory);
const engine = await runtime.SchemaEngine.new(
  { datamodels: [[schema.path, schema.content]] },
  () => undefined,
  adapter,
);
const { path: baseDir, lockfile, scripts } = await readMigrationDirectory('prisma/migrations');
const migrationsList = {
  baseDir,
  lockfile: { path: 'migration_lock.toml', content: lockfile },
  migrationDirectories: scripts.map(({ name, sql }) => ({
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
  })),
  shadowDbInitScript: '',
};
try {
  const { action } = await engine.devDiagnostic({ migrationsList, filters });
  const diff = await engine.diff({
    from: { tag: 'schemaDatasource', files: [schema], configDir: process.cwd() },
    to: { tag: 'schemaDatamodel', files: [schema] },
    script: true,
    exitCode: true,
    filters,
  });
  if (command === 'reset') await engine.reset({ filter: filters });
  process.stdout.write(
    `${JSON.stringify({ action, diff: { exitCode: diff.exitCode, script: diff.stdout } })}\n`,
  );
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failed: String(error) })}\n`);
}
await main.close();
// The engine's own timers would keep the process alive for ten seconds.
process.exit();

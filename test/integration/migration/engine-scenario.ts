// Run by engine-loading.int-spec.ts in a process of its own: a panic would otherwise be the test runner's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { applyMigrations } from '../../../libs/database/src/prisma/schema-engine.js';

const [, , scenario, version] = process.argv;

if (scenario === 'missing') {
  // What Node does for a package that is not there.
  resolveEngine(() => {
    throw new TypeError('MODULE_NOT_FOUND');
  });
}
if (scenario === 'version') {
  // The package in another version; its files are not reached.
  const directory = mkdtempSync(path.join(tmpdir(), 'engine-'));
  process.once('exit', () => {
    rmSync(directory, { recursive: true });
  });
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ version }));
  resolveEngine(() => path.join(directory, 'schema_engine_bg.js'));
}

function resolveEngine(to: () => string): void {
  const resolver = Module as unknown as { _resolveFilename: (request: string, ...rest: unknown[]) => string };
  const resolve = resolver._resolveFilename;
  resolver._resolveFilename = (request, ...rest) => {
    if (request.startsWith('@prisma/schema-engine-wasm')) return to();
    return resolve(request, ...rest);
  };
}

const adapter: SqlDriverAdapter = {
  provider: 'postgres',
  adapterName: 'broken',
  queryRaw() {
    if (scenario === 'foreign') {
      setTimeout(() => {
        throw new RangeError('an error of the application');
      });
      return new Promise(() => undefined);
    }
    // Fewer types than columns: the engine panics (7.10).
    return Promise.resolve({ columnNames: ['exists', 'version'], columnTypes: [5], rows: [[true, '18']] });
  },
  executeRaw: () => Promise.resolve(0),
  executeScript: () => Promise.resolve(),
  startTransaction: () => Promise.reject(new TypeError('not needed')),
  dispose: () => Promise.resolve(),
};
const connect = (): Promise<SqlDriverAdapter> => Promise.resolve(adapter);
const factory = { provider: 'postgres', adapterName: 'broken', connect, connectToShadowDb: connect } as const;
const directory = { path: '/', lockfile: null, scripts: [{ name: '1_first', sql: 'SELECT 1' }] };

const calls = [() => applyMigrations(factory, directory), () => applyMigrations(factory, directory)];
for (const call of calls) {
  await call().catch((error: unknown) => process.stdout.write(`${String(error)}\n`));
}
// Long enough for a trap that nobody caught to end the process first.
await new Promise((resolve) => setTimeout(resolve, 20));
process.stdout.write('alive\n');

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import { LOCKFILE_NAME, SCRIPT_NAME, type MigrationDirectory } from './migration-directory.js';
import { MigrationInterruptedError, MigrationSetupError } from '../migration/migration.errors.js';

/** The engine of Prisma 7.10.0, with which this library is tested. */
export const SCHEMA_ENGINE_VERSION = '7.10.0-4.0edf323efd1d98336f3f0a68684b56f689b900d3';

/**
 * 7.10 and every later 7. The package has prereleases only, which npm's ranges match within one patch release alone
 * (`>=7.10.0-0 <8` excludes 7.11.0-3): its peer range can be nothing but `*`, and the check is made here.
 */
const SUPPORTED_VERSION = /^7\.[1-9]\d+\./;

const ENGINE_MODULE = '@prisma/schema-engine-wasm/schema_engine_bg';
const DATAMODEL = 'datasource db {\n  provider = "postgresql"\n}\n';
// The engine reports an error of the adapter by its number in the binding's registry.
const ADAPTER_ERROR = /External error id#(\d+)/;

// Without the DOM's types, which would bring the browser's globals along, TypeScript does not know it.
declare const WebAssembly: {
  readonly RuntimeError: new () => Error;
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

/** The part of the engine that is used here. */
interface SchemaEngine {
  applyMigrations(input: object): Promise<{ readonly appliedMigrationNames: readonly string[] }>;
  free(): void;
}

/** What `schema_engine_bg.js` exports. */
interface EngineRuntime {
  readonly SchemaEngine: {
    new: (options: object, log: (line: string) => void, adapter: object) => Promise<SchemaEngine>;
  };
  readonly __wbg_set_wasm: (exports: object) => void;
}

let runtime: Promise<EngineRuntime> | undefined;
let panicked: MigrationInterruptedError | undefined;
const onPanic = new Set<(error: MigrationInterruptedError) => void>();

/**
 * Applies every pending migration of `directory` with Prisma's own engine, and resolves with their names.
 *
 * The engine is loaded by the first call, not by importing this file. A panic inside it rejects every call that is
 * running, and every later one, as its memory cannot be trusted any more: the process has to be started again. Panics
 * are told apart from other uncaught exceptions, which still end the process as Node's rules say. What cannot be
 * caught is the engine running out of memory, or an endless loop inside it.
 *
 * @throws {MigrationSetupError} when the engine is not installed, not of a supported version, or cannot be loaded.
 * @throws {MigrationInterruptedError} when the engine panics.
 * @throws whatever the engine or the adapter said.
 */
export async function applyMigrations(
  factory: SqlMigrationAwareDriverAdapterFactory,
  directory: MigrationDirectory,
): Promise<readonly string[]> {
  const { SchemaEngine } = await (runtime ??= loadRuntime());
  const bound = bindMigrationAwareSqlAdapterFactory(factory);
  return await withPanicGuard(async () => {
    let engine: SchemaEngine | undefined;
    try {
      engine = await SchemaEngine.new({ datamodels: [['schema.prisma', DATAMODEL]] }, () => undefined, bound);
      const output = await engine.applyMigrations({
        migrationsList: toMigrationsList(directory),
        filters: { externalTables: [], externalEnums: [] },
      });
      return output.appliedMigrationNames;
    } catch (error) {
      const id = ADAPTER_ERROR.exec(String(error))?.[1];
      throw (id === undefined ? undefined : bound.errorRegistry.consumeError(Number(id))?.error) ?? error;
    } finally {
      // The engine is out of reach from here on: a call after `free` would raise an error that nobody can catch.
      if (panicked === undefined) engine?.free();
    }
  });
}

async function loadRuntime(): Promise<EngineRuntime> {
  const version = SCHEMA_ENGINE_VERSION;
  let scriptPath: string;
  try {
    scriptPath = createRequire(import.meta.url).resolve(ENGINE_MODULE);
  } catch (cause) {
    throw new MigrationSetupError({ kind: 'engine-missing', version }, { cause });
  }
  const installed = await readVersion(path.join(path.dirname(scriptPath), 'package.json'));
  if (installed !== undefined && !SUPPORTED_VERSION.test(installed))
    throw new MigrationSetupError({ kind: 'engine-unsupported', version, installed });
  try {
    // The package's main file imports the .wasm file as a module, which Node 20 cannot (ERR_UNKNOWN_FILE_EXTENSION).
    const loaded = (await import(ENGINE_MODULE)) as EngineRuntime;
    const bytes = await readFile(path.join(path.dirname(scriptPath), 'schema_engine_bg.wasm'));
    const { instance } = await WebAssembly.instantiate(bytes, {
      './schema_engine_bg.js': withoutLingeringTimers(loaded),
    });
    loaded.__wbg_set_wasm(instance.exports);
    (instance.exports['__wbindgen_start'] as () => void)();
    // The engine's panic hook calls this before it traps, and fails itself when it is missing.
    Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: reportPanic } });
    return loaded;
  } catch (cause) {
    throw new MigrationSetupError({ kind: 'engine-unusable', version }, { cause });
  }
}

/** Undefined where there is no manifest, as after bundling: loading will tell. */
async function readVersion(manifest: string): Promise<string | undefined> {
  try {
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The engine bounds the wait for its lock with a timer of ten seconds and never clears it: the process could not end
 * before. The connection keeps the process alive while the engine works; the timer need not.
 */
function withoutLingeringTimers(imports: EngineRuntime): object {
  return Object.fromEntries(
    Object.entries(imports as unknown as Record<string, unknown>).map(([name, imported]) => {
      if (!name.startsWith('__wbg_setTimeout_')) return [name, imported];
      const start = imported as (callback: () => void, ms: number) => NodeJS.Timeout;
      return [name, (callback: () => void, ms: number) => start(callback, ms).unref()];
    }),
  );
}

function reportPanic(message: string): void {
  panicked = new MigrationInterruptedError(`the schema engine crashed (${message.split('\n', 2).join(' ')})`);
  for (const reject of onPanic) reject(panicked);
}

/**
 * Runs `work` so that a panic of the engine rejects it. Without this the promise would stay pending for ever, and the
 * trap, which the engine raises in a microtask of its own, would end the process.
 */
async function withPanicGuard<Result>(work: () => Promise<Result>): Promise<Result> {
  if (panicked !== undefined) throw panicked;
  let reject: (error: Error) => void = () => undefined;
  const panic = new Promise<never>((_, rejectPanic) => {
    reject = rejectPanic;
  });
  if (onPanic.size === 0) process.on('uncaughtException', swallowTrap);
  onPanic.add(reject);
  try {
    return await Promise.race([work(), panic]);
  } finally {
    // The trap follows the panic's message in the same turn of the event loop; the guard has to outlive it.
    await new Promise(setImmediate);
    onPanic.delete(reject);
    if (onPanic.size === 0) process.off('uncaughtException', swallowTrap);
  }
}

function swallowTrap(error: unknown): void {
  if (panicked !== undefined && error instanceof WebAssembly.RuntimeError) return;
  if (process.listeners('uncaughtException').some((listener) => listener !== swallowTrap)) return;
  // Nobody else listens: thrown from here it ends the process, as it would have without this listener.
  throw error;
}

function toMigrationsList({ path: baseDir, lockfile, scripts }: MigrationDirectory): object {
  return {
    baseDir,
    lockfile: { path: LOCKFILE_NAME, content: lockfile },
    migrationDirectories: scripts.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: SCRIPT_NAME, content: { tag: 'ok', value: sql } },
    })),
    shadowDbInitScript: '',
  };
}

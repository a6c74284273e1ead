import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';

const ENGINE = '@prisma/schema-engine-wasm/schema_engine_bg';
const SCHEMA = 'prisma/schema.prisma';

/** The part of Prisma's engine that is used here. */
interface Engine {
  diff(params: object): Promise<{ readonly stdout: string | null }>;
  free(): void;
}

interface EngineModule {
  readonly SchemaEngine: {
    new: (options: object, log: () => void, adapter: object) => Promise<Engine>;
  };
  readonly __wbg_set_wasm: (exports: object) => void;
}

declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

/**
 * The SQL with which Prisma would make the tables of the shop's schema from nothing: what `prisma migrate diff --from-empty`
 * prints, without the binary that the command would have to download.
 */
export async function plannedSchema(databaseUrl: string): Promise<string> {
  const text = await readFile(SCHEMA, 'utf8');
  const { SchemaEngine } = await loadEngine();
  const connections = new RememberedConnections({ connectionString: databaseUrl });
  const adapter = bindMigrationAwareSqlAdapterFactory(connections);
  const engine = await SchemaEngine.new({ datamodels: [[SCHEMA, text]] }, () => undefined, adapter);
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: SCHEMA, content: text }] },
      script: true,
      exitCode: null,
      shadowDatabaseUrl: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? '';
  } finally {
    engine.free();
    await connections.close();
  }
}

/** The engine does not close what it has opened. */
class RememberedConnections extends PrismaPg {
  private readonly opened: { dispose(): Promise<void> }[] = [];

  override async connect(): Promise<Awaited<ReturnType<PrismaPg['connect']>>> {
    const connection = await super.connect();
    this.opened.push(connection);
    return connection;
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map((connection) => connection.dispose()));
  }
}

async function loadEngine(): Promise<EngineModule> {
  const script = createRequire(import.meta.url).resolve(ENGINE);
  const loaded = (await import(ENGINE)) as EngineModule;
  const bytes = await readFile(script.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': loaded });
  loaded.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  return loaded;
}

// A PostgreSQL server of a benchmark's own, in a directory that goes with it.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from 'nestjs-database/embedded';

/** @param settings of the server, beside `fsync = off` */
export async function startBenchPostgres(settings = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'bench-'));
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, 'postgres'),
    settings: { fsync: 'off', ...settings },
  });
  const stop = async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
  return { postgres, stop };
}

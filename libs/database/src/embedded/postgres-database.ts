import { EmbeddedStartError } from './embedded.errors.js';
import { pause } from './event-loop.js';
import { DialogueBrokenError } from './loopback-dialogue.js';
import { runStatement } from './postgres-dialogue.js';

const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** Creates the database unless it exists; several instances may do so at once. */
export async function ensureDatabase(port: number, password: string, name: string): Promise<void> {
  const exists = `SELECT 1 FROM pg_database WHERE datname = '${name.replaceAll("'", "''")}'`;
  const create = `CREATE DATABASE "${name.replaceAll('"', '""')}"`;
  let sqlState: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      if ((await runStatement(port, password, exists)).rows > 0) return;
      ({ sqlState } = await runStatement(port, password, create));
      if (sqlState === undefined) return;
    } catch (error) {
      // The server's owner may stop it just now; it is started again.
      if (!(error instanceof DialogueBrokenError)) throw error;
    }
    await pause(PAUSE_MS);
  }
  throw new EmbeddedStartError(
    'PostgreSQL',
    `the database \`${name}\` could not be created${sqlState === undefined ? '' : ` (SQLSTATE ${sqlState})`}`,
    'Create it by hand, or choose another name.',
  );
}

import { EmbeddedStartError } from './embedded.errors.js';
import { pause } from './event-loop.js';
import { createDatabase } from './postgres-dialogue.js';

const ATTEMPTS = 50;
const PAUSE_MS = 100;

/** Creates the database unless it exists; several instances may do so at once. */
export async function ensureDatabase(port: number, password: string, name: string): Promise<void> {
  let sqlState: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const failure = await createDatabase(port, password, name);
    if (failure === undefined) return;
    // Another instance creates it just now, or the server's owner stops it and it is started again.
    ({ sqlState } = failure);
    await pause(PAUSE_MS);
  }
  throw new EmbeddedStartError(
    'PostgreSQL',
    `the database \`${name}\` could not be created${sqlState === undefined ? '' : ` (SQLSTATE ${sqlState})`}`,
    'Create it by hand, or choose another name.',
  );
}

import type { ResolvedDatabaseOptions } from './database.options.js';
import { applyLibrarySchema } from './library-schema/library-schema.runner.js';
import type { LoginGate } from './postgres/login-gate.js';
import { SingleConnection } from './postgres/single-connection.js';

/**
 * Brings the library's own tables up to date, on a connection of its own: the pool lends none before they are there.
 *
 * @throws {@link LibrarySchemaError} when that cannot be done
 * @throws {@link DatabaseError} that says what the server or the connection said
 * @throws the signal's reason when `signal` is aborted; nothing was changed then
 */
export async function deployLibrarySchema(
  options: ResolvedDatabaseOptions,
  context: {
    readonly logins: LoginGate;
    readonly signal: AbortSignal;
    readonly log: (line: string) => void;
  },
): Promise<void> {
  const { url, password, tls, applicationName, pgbouncer, pool, name, librarySchema, components } = options;
  const { logins, signal, log } = context;
  const target = { kind: 'postgres', connection: name } as const;
  let session: SingleConnection | undefined;
  // Ends every wait; an open transaction ends with its session.
  const giveUp = (): void => {
    session?.destroy();
  };
  try {
    session = await SingleConnection.open({
      url,
      password,
      tls,
      pgbouncer,
      applicationName: `${applicationName} migrate`.slice(0, 63),
      connectTimeoutMs: pool.connectTimeoutMs,
      target,
      logins,
      signal,
    });
    signal.addEventListener('abort', giveUp);
    signal.throwIfAborted();
    await applyLibrarySchema(session, { schema: librarySchema, components, target, log });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
    await session?.close();
  }
}

import { withDeadline } from '../common/deadline.js';
import type { DatabaseClient } from './database-client.js';

/**
 * Ends a pool and waits until its sockets are closed; those that are still open after `timeoutMs` are cut.
 *
 * @param clients - the clients whose sockets are open; whoever ends leaves it
 * @returns how many were cut
 */
export async function endWithin(
  clients: ReadonlySet<DatabaseClient>,
  end: () => Promise<void>,
  timeoutMs: number,
): Promise<number> {
  let cut = 0;
  let stopped: Promise<void>[] = [];
  // pg's own `end` resolves before the sockets are closed (node-postgres #2328).
  const disconnected = [...clients].map(
    (client) =>
      new Promise<void>((resolve) => {
        client.once('end', resolve);
      }),
  );
  const ended = Promise.all([end(), ...disconnected]);
  await withDeadline(
    ended.then(() => undefined),
    timeoutMs,
    () => {
      cut = clients.size;
      stopped = [...clients].map((client) => client.destroy());
    },
  );
  if (cut > 0) await Promise.all([...disconnected, ...stopped]);
  return cut;
}

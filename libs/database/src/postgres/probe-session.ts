import { translateConnectionFailure } from '../fault/connection-failure.js';
import type { ProbeSession } from '../health/health-probe.port.js';
import { SingleConnection, type SingleConnectionSettings } from './single-connection.js';

/** The probe bounds the whole check with its signal. */
const NO_LIMIT = 0;

/**
 * Opens the connection of a health probe.
 *
 * @throws {DatabaseError} that says why it could not be had in time.
 */
export async function openProbeSession(
  settings: Omit<SingleConnectionSettings, 'connectTimeoutMs'>,
): Promise<ProbeSession> {
  const connection = await SingleConnection.open({ ...settings, connectTimeoutMs: NO_LIMIT });
  return {
    get lost() {
      return connection.lost;
    },
    ask: async () => {
      try {
        await connection.query('SELECT 1');
      } catch (error) {
        throw translateConnectionFailure(error, `${settings.url.host}:${settings.url.port}`, settings.target);
      }
    },
    destroy: () => {
      connection.destroy();
    },
    close: () => connection.close(),
  };
}

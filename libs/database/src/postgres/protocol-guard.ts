import type { Duplex } from 'node:stream';
import type pg from 'pg';

type Attach = (stream: Duplex) => void;

/**
 * Turns an exception of the protocol parser into an error of its connection.
 *
 * pg parses inside the socket's `data` event, so bytes that are no PostgreSQL answer would otherwise end the process.
 */
export function guardParser(connection: pg.Connection): void {
  const internals = connection as unknown as { attachListeners: Attach };
  const attach = internals.attachListeners.bind(connection);
  internals.attachListeners = (stream) => {
    const before = new Set(stream.listeners('data'));
    attach(stream);
    for (const listener of stream.listeners('data')) {
      if (before.has(listener)) continue;
      stream.off('data', listener as (chunk: Buffer) => void);
      stream.on('data', (chunk: Buffer) => {
        try {
          (listener as (chunk: Buffer) => void)(chunk);
        } catch (error) {
          connection.emit('error', error);
          stream.destroy();
        }
      });
    }
  };
}

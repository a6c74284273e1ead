// A TCP proxy in front of a PostgreSQL server that counts what the server answers: round trips (ReadyForQuery), and
// transactions that it has committed, those of single statements included.
import { createServer, connect } from 'node:net';
import { once } from 'node:events';

const READY = 'Z'.charCodeAt(0);
const COMPLETE = 'C'.charCodeAt(0);
const FAILED = 'E'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);
/** Statements that commit nothing where they stand alone. */
const NO_WORK = /^(SET|LISTEN|UNLISTEN|BEGIN|ROLLBACK|DISCARD)/;

export async function startCountingProxy(url) {
  const upstream = new URL(url);
  const counts = { roundTrips: 0, commits: 0 };
  const sockets = new Set();
  const server = createServer((client) => {
    const target = connect({ host: upstream.hostname, port: Number(upstream.port) });
    const read = createReader(counts);
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on('data', (bytes) => target.write(bytes));
    target.on('data', (bytes) => {
      read(bytes);
      client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(server.address().port);
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { url: through.toString(), counts, close };
}

/** Reads the messages of one server connection. */
function createReader(counts) {
  let rest = Buffer.alloc(0);
  let started = false;
  let state = IDLE;
  let tags = [];
  let failed = false;
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1) + 1;
      if (rest.length < length) return;
      const type = rest[0];
      if (type === COMPLETE) tags.push(rest.toString('latin1', 5, length - 1));
      if (type === FAILED) failed = true;
      if (type === READY) {
        // The first one ends the start of the session.
        if (started) {
          counts.roundTrips += 1;
          const explicit = tags.filter((tag) => tag === 'COMMIT').length;
          const single = state === IDLE && explicit === 0 && tags.some((tag) => !NO_WORK.test(tag));
          if (!failed) counts.commits += explicit > 0 ? explicit : Number(single && rest[5] === IDLE);
        }
        started = true;
        state = rest[5];
        tags = [];
        failed = false;
      }
      rest = rest.subarray(length);
    }
  };
}

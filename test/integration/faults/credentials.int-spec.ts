/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { category, FAST, FaultBench, NOISE_MS } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaultDatabase } from '../../support/faults/fault-suite.js';
import { findSecrets, SENTINEL } from '../../support/faults/secret-scan.js';

const OTHER_PASSWORD = 'rotated';

let database: FaultDatabase;

useFaultDatabase((created) => (database = created));

const setPassword = (password: string) =>
  database.query(`ALTER ROLE ${database.role} PASSWORD '${password}'`);

describe('the sentinel of the scan for secrets', () => {
  it.each([
    SENTINEL,
    `postgresql://u:${encodeURIComponent(SENTINEL)}@host/db`,
    Buffer.from(SENTINEL).toString('base64'),
    Buffer.from(`u:${SENTINEL}`).toString('base64'),
    Buffer.from(`us:${SENTINEL}`).toString('base64'),
    JSON.stringify({ password: SENTINEL }),
  ])('is found in %s, as text and inside an error', (text) => {
    expect(findSecrets([text])).not.toEqual([]);
    expect(findSecrets([new Error('outer', { cause: new Error(text) })])).not.toEqual([]);
    expect(findSecrets([Object.assign(new Error('x'), { config: { text } })])).not.toEqual([]);
    expect(findSecrets(['nothing', new Error('nothing')])).toEqual([]);
  });
});

describe('a password that is changed', () => {
  let bench: FaultBench;
  afterEach(async () => {
    await setPassword(SENTINEL);
    await bench.close(database);
  });

  it('row 54: is taken from the provider for the next connection, without an error', async () => {
    let password = SENTINEL;
    const url = new URL(database.url);
    url.password = '';
    bench = await FaultBench.open({ url: url.toString(), module: { password: async () => password } });
    await bench.prisma.category.count();
    await setPassword((password = OTHER_PASSWORD));
    await database.terminateSessions();
    await bench.isDisconnected();
    expect(await bench.prisma.category.count()).toBe(0);
    await setPassword((password = SENTINEL));
  });

  it('row 54: is a refusal that no repetition cures, where it is fixed, until it is right again', async () => {
    bench = await FaultBench.open({ url: database.url });
    await setPassword(OTHER_PASSWORD);
    await database.terminateSessions();
    await bench.isDisconnected();
    const { error } = await bench.verdict(bench.prisma.category.count(), 'AUTH');
    expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
    await setPassword(SENTINEL);
    await bench.recovers();
  });
});

describe('a user that may not connect', () => {
  let bench: FaultBench;
  beforeEach(async () => {
    bench = await FaultBench.open({ url: database.url });
  });
  afterEach(async () => {
    await bench.close(database);
  });

  it.each([
    ['log in', (role: string) => [`ALTER ROLE ${role} NOLOGIN`, `ALTER ROLE ${role} LOGIN`]],
    ['be known', (role: string) => [`ALTER ROLE ${role} RENAME TO gone_${role}`, `ALTER ROLE gone_${role} RENAME TO ${role}`]], // prettier-ignore
  ])('row 55: because it may not %s, is refused as not worth a repetition', async (_, change) => {
    const [revoke = '', restore = ''] = change(database.role);
    await database.terminateSessions();
    await bench.isDisconnected();
    await database.query(revoke);
    try {
      const { error } = await bench.verdict(bench.prisma.category.create(category('x')), 'AUTH');
      expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
    } finally {
      await database.query(restore);
      // PostgreSQL drops an MD5 password with the name it was made for, and keeps this one (SCRAM).
      await setPassword(SENTINEL);
    }
    await bench.recovers();
  });
});

describe('a start that cannot reach its database', () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
    server = undefined;
  });

  /** A server that is no PostgreSQL; the URL of the database leads to it. */
  async function stranger(speak: (socket: Socket) => void): Promise<string> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
      speak(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return at('127.0.0.1', (server.address() as { port: number }).port);
  }
  function at(host: string, port: number, parameters = ''): string {
    const url = new URL(database.url);
    url.hostname = host;
    url.port = String(port);
    return url.toString() + parameters;
  }
  async function refusedStart(url: string): Promise<{ error: any; tookMs: number }> {
    const started = performance.now();
    const error: unknown = await FaultBench.open({ url, direct: true }).then(
      async (bench) => {
        await bench.closeClients();
        return new Error('It started.');
      },
      (failure: unknown) => failure,
    );
    expect(findSecrets([error])).toEqual([]);
    expect(globalThis.incidents).toEqual([]);
    return { error, tookMs: performance.now() - started };
  }

  it('row 53: because its name is not known, is unavailable', async () => {
    const { error } = await refusedStart(at('no-such-host.invalid', 5432));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, outcome: 'not-applied' });
    expect(error.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['a web server', (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['a server that closes at once', (socket) => socket.end()],
    ['a server that resets', (socket) => socket.resetAndDestroy()],
    ['a server that says nothing', () => undefined],
    ['a server that repeats what it hears', (socket) => socket.pipe(socket)],
  ])('row 57: because there is %s, fails with a typed error in bounded time', async (_, speak) => {
    const { error, tookMs } = await refusedStart(await stranger(speak));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    expect(tookMs).toBeLessThan(FAST.pool.acquireTimeoutMs + NOISE_MS);
  });

  it('row 56: because the server offers no TLS, never sends anything in the clear', async () => {
    const heard: Buffer[] = [];
    const url = await stranger((socket) => {
      socket.on('data', (bytes) => heard.push(bytes));
      socket.once('data', () => socket.write('N'));
    });
    const { error, tookMs } = await refusedStart(`${url}?sslmode=require`);
    expect(error).toMatchObject({ code: 'TLS', retryable: false, outcome: 'not-applied' });
    expect(tookMs).toBeLessThan(2_000 + NOISE_MS);
    expect(Buffer.concat(heard)).toEqual(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  });

  it('row 56: because the certificate was signed by nobody, fails as TLS in two seconds', async () => {
    const { key, cert } = await selfSigned();
    const url = await stranger((socket) => {
      socket.once('data', () => {
        socket.write('S');
        const secure = new TLSSocket(socket, { isServer: true, key, cert });
        secure.on('error', () => undefined);
      });
    });
    const { error, tookMs } = await refusedStart(`${url}?sslmode=require`);
    expect(error).toMatchObject({ code: 'TLS', retryable: false, outcome: 'not-applied' });
    expect(tookMs).toBeLessThan(2_000 + NOISE_MS);
  });
});

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  try {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await promisify(execFile)('openssl', [...args, '-subj', '/CN=stranger', '-keyout', key, '-out', cert]);
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

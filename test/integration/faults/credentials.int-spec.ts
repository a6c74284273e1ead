/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createCertificate, type Certificate } from '../../support/certificates.js';
import type { DatabaseModuleOptions } from '../../../libs/database/src/index.js';
import { category, FAST, FaultBench, NOISE_MS } from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaultDatabase } from '../../support/faults/fault-suite.js';
import { findSecrets, SENTINEL } from '../../support/faults/secret-scan.js';
import { nakedPrisma } from './fault-scenes.js';

/** A login that was refused is tried again after five seconds. */
const HEALED_MS = 5_000 + NOISE_MS;
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

  it('row 54: is sent once in five seconds where it is fixed, by requests and probes together, until it is right; the naive setup logs in for every request, which locks accounts', async () => {
    bench = await FaultBench.open({ url: database.url });
    await Promise.all(Array.from({ length: FAST.pool.max }, () => bench.prisma.category.count()));
    await bench.prisma.checkHealth();
    await setPassword(OTHER_PASSWORD);
    await database.terminateSessions();
    await bench.isDisconnected();
    const before = bench.proxy.acceptedConnections;
    const started = performance.now();
    // All at once at first, as the requests of a loaded application, then one after the other.
    const calls = Array.from({ length: 20 }, () => bench.verdict(bench.prisma.category.count(), 'AUTH'));
    for (const { error } of await Promise.all(calls))
      expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
    const burst = bench.proxy.acceptedConnections - before;
    // They open connections side by side before the first is refused, but only one of them has sent the password.
    expect(burst).toBeLessThanOrEqual(FAST.pool.max);
    let requests = 0;
    while (performance.now() - started < 2_500) {
      const { error, tookMs } = await bench.verdict(bench.prisma.category.count(), 'AUTH');
      expect(error.message).toMatch(/refused this login \d+ ms ago/);
      expect(tookMs).toBeLessThan(NOISE_MS);
      expect((await bench.prisma.checkHealth()).healthy).toBe(false);
      requests += 1;
    }
    expect(requests).toBeGreaterThan(10);
    expect(bench.proxy.acceptedConnections - before).toBe(burst);
    const naive = bench.naive();
    for (let request = 0; request < 5; request += 1)
      await expect(naive.category.count()).rejects.toMatchObject({ code: 'P1000' });
    expect(bench.proxy.acceptedConnections - before).toBe(burst + 5);
    await setPassword(SENTINEL);
    await bench.recovers(HEALED_MS);
  }, 30_000);
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
  ])(
    'row 55: because it may not %s, is refused as not worth a repetition, and not asked for again with every request',
    async (_, change) => {
      const [revoke = '', restore = ''] = change(database.role);
      await database.terminateSessions();
      await bench.isDisconnected();
      await database.query(revoke);
      try {
        const { error } = await bench.verdict(bench.prisma.category.create(category('x')), 'AUTH');
        expect(error).toMatchObject({ retryable: false, outcome: 'not-applied' });
        const accepted = bench.proxy.acceptedConnections;
        for (let request = 0; request < 5; request += 1)
          await bench.verdict(bench.prisma.category.create(category('x')), 'AUTH');
        expect(bench.proxy.acceptedConnections).toBe(accepted);
      } finally {
        await database.query(restore);
        // PostgreSQL drops an MD5 password with the name it was made for, and keeps this one (SCRAM).
        await setPassword(SENTINEL);
      }
      await bench.recovers(HEALED_MS);
    },
  );
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
  async function refusedStart(
    url: string,
    module: Partial<DatabaseModuleOptions> = {},
  ): Promise<{ error: any; tookMs: number }> {
    const started = performance.now();
    const error: unknown = await FaultBench.open({ url, direct: true, module }).then(
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

  const encrypted = ({ key, cert }: Certificate) =>
    stranger((socket) => {
      socket.once('data', () => {
        socket.write('S');
        const secure = new TLSSocket(socket, { isServer: true, key, cert });
        secure.on('error', () => undefined);
      });
    });

  it('row 56: because the certificate was signed by nobody, fails as TLS in two seconds', async () => {
    const url = await encrypted(await createCertificate({ from: '2000-01-01', until: '2100-01-01' }));
    const { error, tookMs } = await refusedStart(`${url}?sslmode=require`);
    expect(error).toMatchObject({ code: 'TLS', retryable: false, outcome: 'not-applied' });
    expect(error.message).toContain('give the authority that signed it');
    expect(tookMs).toBeLessThan(2_000 + NOISE_MS);
  });

  it.each([
    [
      'has expired',
      'CERT_HAS_EXPIRED',
      { from: '2000-01-01', until: '2001-01-01' },
      /has expired.*Renew it/s,
    ],
    [
      'is not valid yet',
      'CERT_NOT_YET_VALID',
      { from: '2100-01-01', until: '2101-01-01' },
      /not valid yet.*clock/s,
    ],
  ])(
    'row 56: because the certificate %s, fails as TLS in two seconds and says so; the naive setup says P1011 and leaves the rest to the driver’s text',
    async (_, reason, validity, advice) => {
      const certificate = await createCertificate(validity);
      const url = await encrypted(certificate);
      const { error, tookMs } = await refusedStart(url, { tls: { ca: certificate.cert } });
      expect(error).toMatchObject({ code: 'TLS', reason, retryable: false, outcome: 'not-applied' });
      expect(error.message).toMatch(advice);
      expect(error.message).not.toContain('no-verify');
      expect(tookMs).toBeLessThan(2_000 + NOISE_MS);
      const naive = nakedPrisma(url, { ssl: { ca: certificate.cert } });
      await expect(naive.category.count()).rejects.toMatchObject({ code: 'P1011' });
      await naive.$disconnect();
    },
  );
});

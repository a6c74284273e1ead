import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../../libs/database/src/embedded/index.js';
import { Secret } from '../../../libs/database/src/config/secret.js';
import {
  AuthenticationError,
  QueryTimeoutError,
  RedisService,
  RejectedQueryError,
  UnavailableError,
  ValidationError,
} from '../../../libs/database/src/index.js';
import { BLOCKING } from '../../../libs/database/src/redis/bounded-redis.js';
import { drop, FaultProxy } from '../../support/fault-proxy/index.js';
import { describeWithRedis, redisUrl } from '../../support/test-redis.js';
import { until } from '../../support/until.js';

const countTimers = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describeWithRedis('RedisService', () => {
  let redis: RedisService;

  beforeAll(async () => {
    redis = new RedisService({ url: new Secret(redisUrl()) });
    await redis.connect();
  });
  beforeEach(async () => {
    await redis.client.flushdb();
  });
  afterAll(async () => {
    await redis.disconnect();
    await redis.disconnect();
  });

  it('stores, reads and deletes text', async () => {
    expect(await redis.get('name')).toBeNull();
    await redis.set('name', 'Grüße');
    expect(await redis.get('name')).toBe('Grüße');
    expect(await redis.del('name', 'other')).toBe(1);
    expect(await redis.del()).toBe(0);
    expect(await redis.get('name')).toBeNull();
  });

  it('lets a key expire after its ttl, and a later set without ttl keeps it', async () => {
    await redis.set('short', 'x', { ttl: 60 });
    expect(await redis.client.ttl('short')).toBeGreaterThan(55);
    await redis.set('short', 'y');
    expect(await redis.client.ttl('short')).toBe(-1);
  });

  it.each([0, -1, 1.5, Number.NaN, 315_360_001])('refuses a ttl of %p and sends nothing', async (ttl) => {
    await expect(redis.set('k', 'v', { ttl })).rejects.toThrow(ValidationError);
    expect(await redis.get('k')).toBeNull();
  });

  it('turns a refusal of the server into a typed error without the arguments', async () => {
    await redis.client.lpush('list', 'secret-value');
    const failing = redis.get('list');
    await expect(failing).rejects.toThrow(RejectedQueryError);
    expect(inspect(await failing.catch((error: unknown) => error), { depth: 9 })).not.toContain('list');
    await expect(failing).rejects.toMatchObject({
      code: 'QUERY',
      target: { kind: 'redis' },
      message: expect.stringContaining('WRONGTYPE'),
    });
  });

  it('reports version, role and memory in its health', async () => {
    expect(await redis.checkHealth()).toMatchObject({
      healthy: true,
      latencyMs: expect.any(Number),
      details: { role: 'master', version: expect.any(String), usedMemoryBytes: expect.any(Number) },
    });
  });

  it.each([
    ['BLPOP', (client: Redis) => client.blpop('queue', 5), ['queue', 'x']],
    ['BLMPOP', (client: Redis) => client.blmpop(5, 1, 'queue', 'LEFT'), ['queue', ['x']]],
    ['a BLPOP that waits for ever', (client: Redis) => client.blpop('queue', 0), ['queue', 'x']],
  ])('lets %s wait for longer than other commands may take', async (_name, pop, expected) => {
    const worker = redis.client.duplicate();
    await worker.connect();
    try {
      const popped = pop(worker).catch((error: unknown) => error);
      await setTimeout(2_500);
      await redis.client.rpush('queue', 'x');
      expect(await popped).toEqual(expected);
    } finally {
      worker.disconnect();
    }
  });

  it.each([
    ['XREAD', (client: Redis) => client.xread('BLOCK', 2_500, 'STREAMS', 'stream', '$'), null],
    ['WAIT', (client: Redis) => client.wait(9, 2_500), 0],
  ])('lets %s end by its own timeout', async (_name, wait, expected) => {
    expect(await wait(redis.client)).toBe(expected);
  });

  it('knows each command of this server that blocks', async () => {
    const commands = (await redis.client.call('COMMAND')) as [name: string, arity: number, flags: string[]][];
    const blocking = commands.filter(([, , flags]) => flags.includes('blocking')).map(([name]) => name);
    expect(blocking).toContain('blpop');
    expect(blocking.filter((name) => !BLOCKING.has(name))).toEqual([]);
  });

  it('runs a pipeline and a transaction', async () => {
    expect(await redis.client.pipeline().set('a', '1').get('a').exec()).toEqual([
      [null, 'OK'],
      [null, '1'],
    ]);
    expect(await redis.client.multi([['incr', 'a']]).exec()).toEqual([[null, 2]]);
    expect(await redis.client.multi({ pipeline: false })).toBe('OK');
    expect(await redis.client.discard()).toBe('OK');
  });

  it('gives a report again for as long as it may be old, and never one of a connection that was lost', async () => {
    const first = await redis.checkHealth({ maxAgeMs: 0 });
    expect(await redis.checkHealth({ maxAgeMs: 60_000 })).toBe(first);
    expect(await redis.checkHealth({ maxAgeMs: 0 })).not.toBe(first);
    const last = await redis.checkHealth({ maxAgeMs: 60_000 });
    redis.client.stream.destroy();
    await until(() => !redis.isConnected(), 2_000);
    expect(await until(() => redis.isConnected(), 5_000)).toBe(true);
    expect(await redis.checkHealth({ maxAgeMs: 60_000 })).not.toBe(last);
  });

  it('shows no password when it is printed', () => {
    const url = new URL(redisUrl());
    url.password = 'hunter2';
    const secretive = new RedisService({ url: new Secret(url.toString()) });
    const printed =
      inspect({ secretive, client: secretive.client }, { depth: 9, showHidden: true }) +
      inspect(secretive.client.duplicate(), { depth: 9, showHidden: true }) +
      JSON.stringify({ secretive, client: secretive.client, copy: secretive.client.duplicate() });
    expect(printed).toContain(`endpoint: '${url.host}'`);
    expect(printed).not.toContain('hunter2');
  });

  it('refuses a wrong password with an AuthenticationError that does not repeat it', async () => {
    const url = new URL(redisUrl());
    url.password = 'hunter2';
    const other = new RedisService({ url: new Secret(url.toString()) });
    const failure = await other.connect().catch((error: unknown) => error);
    await other.disconnect();
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect(inspect(failure, { depth: 9 })).not.toContain('hunter2');
  });

  it('says that nobody listens, and stops trying once it is disconnected', async () => {
    const timers = countTimers();
    const other = new RedisService({ url: new Secret('redis://127.0.0.1:1') });
    await expect(other.connect()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      endpoint: '127.0.0.1:1',
      reason: 'ECONNREFUSED',
    });
    await other.disconnect();
    expect(other.isConnected()).toBe(false);
    expect(await until(() => countTimers() <= timers, 1_000)).toBe(true);
  });
});

describeWithRedis('RedisService when its server goes away', () => {
  let directory: string;
  let server: EmbeddedRedis;
  let redis: RedisService;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'redis-service-'));
    await chmod(directory, 0o755);
    const started = await startEmbeddedRedis({ dataDir: join(directory, 'redis') });
    if (started === null) throw new Error('redis-server vanished from PATH');
    server = started;
    redis = new RedisService({ url: new Secret(server.url) });
    await redis.connect();
  });
  afterEach(async () => {
    await redis.disconnect();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  // Naive (ioredis 6 defaults): a GET during an outage waits in the offline queue for about 71 s.
  it('fails commands at once while the connection is down, and recovers by itself when the server is back', async () => {
    await redis.set('k', 'v');
    const { port } = server;
    await server.stop();
    await until(() => !redis.isConnected(), 2_000);
    const started = performance.now();
    await expect(redis.get('k')).rejects.toThrow(UnavailableError);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await redis.checkHealth()).toMatchObject({ healthy: false });

    const restarted = await startEmbeddedRedis({ dataDir: join(directory, 'redis') });
    if (restarted === null) throw new Error('redis-server vanished from PATH');
    server = restarted;
    expect(server.port).toBe(port);
    expect(await until(() => redis.isConnected(), 5_000)).toBe(true);
    await redis.set('k', 'again');
    expect(await redis.get('k')).toBe('again');
  });

  // Naive (ioredis 6 defaults): the SET is sent again after the reconnect, behind the back of a caller that gave up.
  it('says of a write whose reply was lost that its outcome is unknown, and of a read that it may be repeated', async () => {
    await using proxy = await FaultProxy.start({ upstream: server.url });
    const proxied = new RedisService({ url: new Secret(proxy.url) });
    await proxied.connect();
    try {
      for (const [send, expected] of [
        [() => proxied.set('k', 'v'), { code: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: false }],
        [() => proxied.get('k'), { code: 'CONNECTION_LOST', outcome: 'not-applied', retryable: true }],
      ] as const) {
        const dropping = proxy.add(drop('toClient'));
        const failure = send().then(
          () => undefined,
          (error: unknown) => error,
        );
        await dropping.happened();
        proxy.cut('rst');
        expect(await failure).toMatchObject(expected);
        dropping.remove();
        expect(await until(() => proxied.isConnected(), 5_000)).toBe(true);
      }
      expect(await redis.get('k')).toBe('v');
    } finally {
      await proxied.disconnect();
    }
  });

  // Naive (ioredis 6 defaults): no deadline at all, the command waits for as long as the server is silent.
  it('gives up on a server that is silent, with a typed error whose outcome is unknown', async () => {
    const pid = server.serverProcessId;
    if (pid === undefined) throw new Error('the server has no process id');
    process.kill(pid, 'SIGSTOP');
    try {
      const [command, health] = await Promise.all([
        redis.set('k', 'v').catch((error: unknown) => error),
        redis.checkHealth(),
      ]);
      expect(command).toBeInstanceOf(QueryTimeoutError);
      expect(command).toMatchObject({ outcome: 'unknown', retryable: false, timeoutMs: 2_000 });
      expect(health).toMatchObject({ healthy: false, error: expect.stringContaining('1000 ms') });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('asks a silent server for its health once, bounds a copy of the client, and recovers', async () => {
    const infos = async () =>
      Number(/cmdstat_info:calls=(\d+)/.exec(await redis.client.info('commandstats'))?.[1] ?? 0);
    const copy = redis.client.duplicate();
    await copy.connect();
    const before = await infos();
    const pid = server.serverProcessId;
    if (pid === undefined) throw new Error('the server has no process id');
    process.kill(pid, 'SIGSTOP');
    try {
      const bounded = copy.get('k').catch((error: unknown) => error);
      for (let check = 0; check < 3; check++) {
        expect(await redis.checkHealth({ maxAgeMs: 0 })).toMatchObject({ healthy: false });
      }
      expect(await bounded).toMatchObject({ message: 'Command timed out' });
    } finally {
      process.kill(pid, 'SIGCONT');
      copy.disconnect();
    }
    // The reading before counts itself only afterwards.
    expect((await infos()) - before).toBe(2);
    expect(await redis.checkHealth({ maxAgeMs: 0 })).toMatchObject({ healthy: true });
  });
});

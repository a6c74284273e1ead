import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EchoClient, EchoServer } from '../../support/fault-proxy/echo-server.js';
import {
  bandwidth,
  drop,
  FaultProxy,
  latency,
  limitData,
  silence,
  slicer,
  slowClose,
  stall,
  type Cut,
  type Toxic,
} from '../../support/fault-proxy/index.js';
import { until } from '../../support/until.js';

let echo: EchoServer;
let proxy: FaultProxy;
let client: EchoClient;

beforeEach(async () => {
  echo = await EchoServer.start();
  proxy = await FaultProxy.start({ upstream: echo.url, seed: 7 });
  client = await EchoClient.connect(proxy.port);
});
afterEach(async () => {
  client[Symbol.dispose]();
  await proxy.close();
  await echo[Symbol.asyncDispose]();
});

const answered = (text: string, timeoutMs = 5_000) => until(() => client.text === text, timeoutMs);
async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
async function echoed(text: string): Promise<number> {
  return await timed(async () => {
    client.send(text);
    expect(await answered(text)).toBe(true);
  });
}

describe('FaultProxy', () => {
  it('is transparent without faults, for a megabyte as for an orderly end', async () => {
    const text = 'x'.repeat(1_000_000);
    await echoed(text);
    client.socket.end();
    expect(await until(() => client.ending === 'fin' && echo.endings.length === 1, 5_000)).toBe(true);
    expect(echo.endings).toEqual(['fin']);
    expect(await until(() => proxy.openConnections === 0, 5_000)).toBe(true);
  });

  it('passes a reset on as a reset', async () => {
    await echoed('a');
    client.socket.resetAndDestroy();
    expect(await until(() => echo.endings.length === 1, 5_000)).toBe(true);
    expect(echo.endings).toEqual(['rst']);
  });

  it.each(['fin then rst', 'rst then fin', 'fin then rst, and closed', 'rst, and closed'])(
    'leaves no connection behind that is cut in more than one way: %s',
    async (ways) => {
      await echoed('a');
      for (const how of ways.match(/fin|rst/g) as Cut[]) proxy.cut(how);
      // In the middle of it, as whoever has lost patience does.
      if (ways.includes('closed')) process.nextTick(() => void proxy.close());
      expect(await until(() => proxy.openConnections === 0, 5_000)).toBe(true);
    },
  );

  it('adds latency in one direction, within the jitter', async () => {
    proxy.add(latency({ ms: 60, jitterMs: 20, direction: 'toClient' }));
    expect(await echoed('a')).toBeGreaterThanOrEqual(39);
    await proxy.heal();
    // Not one of them could be faster while it was there; a busy machine may slow down the most.
    const times: number[] = [];
    for (let text = 'ab'; text.length <= 11; text += 'b')
      times.push(await timed(async () => { client.send('b'); await answered(text); })); // prettier-ignore
    expect(Math.min(...times)).toBeLessThan(39);
  });

  it('jitters the same way for the same seed', async () => {
    const delays = async (seed: number) => {
      const asked: number[] = [];
      const stream = { pause: async (ms: number) => void asked.push(ms) };
      await using seeded = await FaultProxy.start({ upstream: echo.url, seed });
      const spy: Toxic = {
        name: 'spy',
        direction: 'toServer',
        pass: async (bytes, real, next) =>
          await latency({ ms: 50, jitterMs: 50 }).pass!(bytes, { ...real, ...stream }, next),
      };
      seeded.add(spy);
      using sender = await EchoClient.connect(seeded.port);
      for (const expected of ['a', 'ab', 'abc']) {
        sender.send(expected.slice(-1));
        await until(() => sender.text === expected, 5_000);
      }
      return asked;
    };
    const [first, again, other] = [await delays(3), await delays(3), await delays(4)];
    expect(first).toHaveLength(3);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('limits the bandwidth', async () => {
    proxy.add(bandwidth({ bytesPerSecond: 50_000, direction: 'toServer' }));
    expect(await echoed('x'.repeat(10_000))).toBeGreaterThanOrEqual(180);
  });

  it('slices what it passes into pieces', async () => {
    proxy.add(slicer({ bytes: 1 }));
    await echoed('sliced');
    expect(client.pieces.length).toBeGreaterThan(1);
  });

  it.each(['toServer', 'toClient'] as const)(
    'drops bytes on the way %s and keeps the connection open, until it heals with a reset',
    async (direction) => {
      await echoed('a');
      const fault = proxy.add(drop(direction));
      client.send('b');
      await fault.happened();
      expect(await until(() => echo.received === (direction === 'toServer' ? 1 : 2), 5_000)).toBe(true);
      expect(client.text).toBe('a');
      expect(client.ending).toBeUndefined();
      await proxy.heal();
      expect(await until(() => client.ending === 'ECONNRESET', 5_000)).toBe(true);
      expect(await until(() => echo.endings.length === 1, 5_000)).toBe(true);
    },
  );

  it('hides the end of a connection while it drops', async () => {
    await echoed('a');
    const fault = proxy.add(drop());
    client.socket.end();
    await fault.happened();
    expect(echo.endings).toEqual([]);
    await proxy.heal();
    expect(await until(() => echo.endings.length === 1, 5_000)).toBe(true);
  });

  it.each(['toServer', 'toClient'] as const)(
    'stalls %s and loses nothing when it heals',
    async (direction) => {
      const fault = proxy.add(stall(direction));
      client.send('late');
      await fault.happened();
      expect(client.text).toBe('');
      fault.remove();
      expect(await answered('late')).toBe(true);
    },
  );

  it.each(['rst', 'fin'] as const)('cuts with %s after so many bytes', async (then) => {
    proxy.add(limitData({ bytes: 5, direction: 'toClient', then }));
    client.send('123');
    expect(await answered('123')).toBe(true);
    client.send('45678');
    // A reset that arrives together with data is reported by Node as an orderly end.
    expect(await until(() => client.ending !== undefined, 5_000)).toBe(true);
    expect(client.ending).toMatch(then === 'rst' ? /^(ECONNRESET|fin)$/ : /^fin$/);
    expect('12345'.startsWith(client.text)).toBe(true);
    expect(await until(() => echo.endings.length === 1, 5_000)).toBe(true);
    expect(echo.endings).toEqual([then]);
  });

  it.each([
    ['rst', 'ECONNRESET'],
    ['fin', 'fin'],
  ] as const)('cuts open connections with %s, now', async (how, ending) => {
    await echoed('a');
    proxy.cut(how);
    expect(await until(() => client.ending === ending, 5_000)).toBe(true);
    expect(await until(() => echo.endings.length === 1, 5_000)).toBe(true);
    expect(echo.endings).toEqual([how]);
  });

  it('refuses connections, keeps the open ones, and accepts again on the same port', async () => {
    proxy.refuse();
    await expect(EchoClient.connect(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await echoed('still there');
    await proxy.heal();
    using again = await EchoClient.connect(proxy.port);
    again.send('back');
    expect(await until(() => again.text === 'back', 5_000)).toBe(true);
  });

  it('delays the end of a connection', async () => {
    await echoed('a');
    proxy.add(slowClose({ ms: 80, direction: 'toServer' }));
    const waited = await timed(async () => {
      client.socket.end();
      await until(() => echo.endings.length === 1, 5_000);
    });
    expect(waited).toBeGreaterThanOrEqual(75);
  });

  it('accepts connections it never answers, and resets them when it heals', async () => {
    const fault = proxy.add(silence());
    using ignored = await EchoClient.connect(proxy.port);
    ignored.send('hello?');
    await fault.happened();
    await echoed('the open one goes on');
    expect(ignored.text).toBe('');
    fault.remove();
    expect(await until(() => ignored.ending === 'ECONNRESET', 5_000)).toBe(true);
  });

  it('notes what it did with monotonic times', async () => {
    proxy.add(latency({ ms: 1 }));
    await echoed('a');
    proxy.cut('rst');
    await until(() => proxy.openConnections === 0, 5_000);
    const { entries } = proxy.log;
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['accepted', 'adds latency 1 ± 0 ms', 'reset', 'closed']),
    );
    expect(entries.map(({ atMs }) => atMs)).toEqual(
      entries.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
  });

  it('closes in the midst of every fault and leaves nothing, also when closed twice', async () => {
    for (const toxic of [latency({ ms: 60_000 }), stall(), drop(), slowClose({ ms: 60_000 }), silence()]) {
      await using faulty = await FaultProxy.start({ upstream: echo.url });
      using before = await EchoClient.connect(faulty.port);
      faulty.add(toxic);
      using after = await EchoClient.connect(faulty.port);
      before.send('x');
      after.socket.end('x');
      await until(() => faulty.log.entries.length > 3, 200);
      expect(await timed(() => faulty.close())).toBeLessThan(2_000);
      expect(faulty.openConnections).toBe(0);
    }
  });
});

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { greetPostgres } from './postgres-dialogue.js';
import { greetRedis } from './redis-dialogue.js';

let server: Server | undefined;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

async function listen(answer: (socket: Socket) => void): Promise<number> {
  server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    answer(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a greeting', () => {
  it('meets silence where nobody listens', async () => {
    const port = await listen(() => undefined);
    server?.close();
    expect(await greetRedis(port, 'p')).toEqual({ kind: 'silence' });
    expect(await greetPostgres(port, 'p')).toBe('silence');
  });

  it.each(['HTTP/1.1 400 Bad Request\r\n\r\n', '+OK\r\n-NOPERM\r\n', '', 'x'.repeat(5_000)])(
    'is not taken for one of ours when the answer is %p',
    async (answer) => {
      const port = await listen((socket) => socket.end(answer));
      expect(await greetRedis(port, 'p')).toEqual({ kind: 'stranger' });
      expect(await greetPostgres(port, 'p')).toBe('silence');
    },
  );

  it('tells a server that is loading from a stranger', async () => {
    const port = await listen((socket) => socket.end('-LOADING Redis is loading the dataset in memory\r\n'));
    expect(await greetRedis(port, 'p')).toEqual({ kind: 'busy' });
  });

  it('finds the process of a server that knows the password, however the answer is cut', async () => {
    const port = await listen((socket) => {
      const info = '# Server\r\nprocess_id:4711\r\n';
      for (const piece of `+OK\r\n$${info.length}\r\n${info}\r\n`.match(/.{1,3}/gs) ?? [])
        socket.write(piece);
    });
    expect(await greetRedis(port, 'p')).toEqual({ kind: 'welcome', pid: 4711 });
  });
});

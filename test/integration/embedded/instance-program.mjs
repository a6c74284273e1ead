// One instance of an application: starts an embedded server and obeys the lines it is sent.
//   node instance-program.mjs '{"server":"postgres","options":{…},"idle":true}'
// Writes one JSON object per line. Reads `state` and `stop`; with `idle` it reads nothing and ends when it has nothing to do.
import { createInterface } from 'node:readline';
import { startEmbeddedPostgres, startEmbeddedRedis } from '../../../libs/database/dist/embedded/index.js';

const { server, options, idle = false } = JSON.parse(process.argv[2]);
const start = { postgres: startEmbeddedPostgres, redis: startEmbeddedRedis }[server];
const write = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

process.on('SIGINT', () => write({ event: 'interrupted' }));

try {
  const log = (line) => write({ event: 'log', line });
  const instance = await start({ ...options, log });
  const { url, port, dataDir } = instance;
  const state = () => ({ owned: instance.owned, serverProcessId: instance.serverProcessId ?? null });
  write({ event: 'ready', url, port, dataDir, ...state() });
  if (!idle) {
    for await (const line of createInterface({ input: process.stdin })) {
      if (line === 'state') write({ event: 'state', ...state() });
      if (line === 'stop') {
        await instance.stop();
        write({ event: 'stopped' });
        break;
      }
    }
  }
} catch (error) {
  write({ event: 'failed', name: error.name, code: error.code, message: error.message });
}

import { Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Test } from '@nestjs/testing';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { EmbeddedServers, EmbeddedServersModule } from '../../../libs/database/src/embedded/index.js';
import { isProcessAlive } from '../../../libs/database/src/embedded/process-liveness.js';
import { createUsedDirectory, removeDirectories } from './scratch-directory.js';
import { dirname } from 'node:path';
import { itWithRedis } from '../../support/test-redis.js';
import { query } from './sql.js';

jest.setTimeout(30_000);

afterAll(() => removeDirectories());

const CONNECTION = Symbol('connection');

/** Stands for the module that connects: it needs the server for the last time in its own hook. */
@Injectable()
class Connection implements OnApplicationShutdown {
  farewell: unknown;

  constructor(@Inject(CONNECTION) readonly url: string) {}

  async onApplicationShutdown(): Promise<void> {
    this.farewell = await query(this.url, `SELECT 'still here' AS answer FROM pg_sleep(0.2)`);
  }
}

function moduleThatConnects(directory: string, redis: boolean | { port: number }) {
  @Module({})
  class ConnectingModule {}
  return {
    module: ConnectingModule,
    imports: [EmbeddedServersModule.forRoot({ directory, redis })],
    providers: [
      {
        provide: CONNECTION,
        inject: [EmbeddedServers],
        useFactory: ({ postgres }: EmbeddedServers) => postgres?.url,
      },
      Connection,
    ],
  };
}

describe('EmbeddedServersModule', () => {
  it('has the servers ready for the module that imports it, and stops them after that module has closed', async () => {
    const directory = dirname(await createUsedDirectory());
    const app = await Test.createTestingModule({ imports: [moduleThatConnects(directory, true)] }).compile();
    const { postgres, redis } = app.get(EmbeddedServers, { strict: false });
    const pids = [postgres, redis].flatMap((server) => server?.serverProcessId ?? []);
    expect(pids.every(isProcessAlive)).toBe(true);
    await app.close();
    expect(app.get(Connection, { strict: false }).farewell).toEqual([{ answer: 'still here' }]);
    expect(pids.some(isProcessAlive)).toBe(false);
  });

  it('starts nothing that is switched off', async () => {
    const imports = [
      EmbeddedServersModule.forRoot({ directory: '/nonexistent', postgres: false, redis: false }),
    ];
    const app = await Test.createTestingModule({ imports }).compile();
    expect(app.get(EmbeddedServers)).toMatchObject({ postgres: null, redis: null });
    await app.close();
  });

  itWithRedis('stops the first server when the second one fails to start', async () => {
    const dataDir = await createUsedDirectory();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const failing = moduleThatConnects(dirname(dataDir), { port });
    const starting = Test.createTestingModule({ imports: [failing] }).compile();
    await expect(starting).rejects.toThrow(`port ${port} is in use`);
    taken.close();
    const probe = EmbeddedServersModule.forRoot({ directory: dirname(dataDir), redis: false });
    const app = await Test.createTestingModule({ imports: [probe] }).compile();
    // Had the first one been left running, this one would only have joined it.
    expect(app.get(EmbeddedServers).postgres?.owned).toBe(true);
    await app.close();
  });
});

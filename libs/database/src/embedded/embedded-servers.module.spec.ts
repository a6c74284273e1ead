import { describe, expect, it } from '@jest/globals';
import { EmbeddedServersModule, type EmbeddedServersModuleOptions } from './embedded-servers.module.js';

describe('EmbeddedServersModule.forRoot', () => {
  it.each<[unknown, string]>([
    [undefined, 'directory'],
    [{}, 'directory'],
    [{ directory: '' }, 'directory'],
    [{ directory: 5 }, 'directory'],
    [{ directory: 'd', postgress: false }, 'postgress'],
    [{ directory: 'd', postgres: null }, 'postgres'],
    [{ directory: 'd', postgres: 'yes' }, 'postgres'],
    [{ directory: 'd', redis: 6379 }, 'redis'],
    [{ directory: 'd', redis: [] }, 'redis'],
    [{ directory: 'd', redis: { port: -1 } }, 'redis.port'],
    [{ directory: 'd', redis: { database: 'x' } }, 'redis.database'],
    [{ directory: 'd', postgres: { port: '5432' } }, 'postgres.port'],
    [{ directory: 'd', postgres: { dataDir: '' } }, 'postgres.dataDir'],
    [{ directory: 'd', postgres: { settings: { hba_file: 'x' } } }, 'postgres.settings.hba_file'],
  ])('refuses %j at once, before anything is started', (options, path) => {
    expect(() => EmbeddedServersModule.forRoot(options as EmbeddedServersModuleOptions)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        subject: 'EmbeddedServersModule.forRoot',
        violations: [expect.objectContaining({ path })],
      }),
    );
  });

  it.each<EmbeddedServersModuleOptions>([
    { directory: 'd' },
    { directory: 'd', postgres: false, redis: false },
    { directory: 'd', postgres: { database: 'shop', port: 5_433 }, redis: { dataDir: 'elsewhere' } },
  ])('accepts %j', (options) => {
    expect(EmbeddedServersModule.forRoot(options)).toMatchObject({ module: EmbeddedServersModule });
  });
});

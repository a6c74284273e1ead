import { describe, expect, it } from '@jest/globals';
import { resolveEmbeddedPostgresOptions } from './embedded-postgres.options.js';

describe('resolveEmbeddedPostgresOptions', () => {
  it('fills in the defaults', () => {
    expect(resolveEmbeddedPostgresOptions({ dataDir: 'data' })).toMatchObject({
      dataDir: 'data',
      port: undefined,
      database: 'postgres',
      settings: {},
    });
  });

  it.each([
    [{ dataDir: ' ' }, 'dataDir'],
    [{ dataDir: 'd', port: 0 }, 'port'],
    [{ dataDir: 'd', database: 'x'.repeat(64) }, 'database'],
    [{ dataDir: 'd', database: 'a\0b' }, 'database'],
    [{ dataDir: 'd', settings: { port: '1' } }, 'settings.port'],
    [{ dataDir: 'd', settings: { 'a b': '1' } }, 'settings.a b'],
    [{ dataDir: 'd', settings: { work_mem: 4 as unknown as string } }, 'settings.work_mem'],
  ])('refuses %j', (options, path) => {
    expect(() => resolveEmbeddedPostgresOptions(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', violations: [expect.objectContaining({ path })] }),
    );
  });
});

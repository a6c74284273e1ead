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
    [{ dataDir: 'd', settings: { work_mem: '4\0MB' } }, 'settings.work_mem'],
    [{ dataDir: 'd', settings: 'work_mem=4MB' as never }, 'settings'],
    [{ dataDir: 'd', log: 'console' as never }, 'log'],
    [{ dataDir: 'd', colour: 'red' } as never, 'colour'],
  ])('refuses %j', (options, path) => {
    expect(() => resolveEmbeddedPostgresOptions(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', violations: [expect.objectContaining({ path })] }),
    );
  });

  it.each([
    ...['config_file', 'hba_file', 'ident_file', 'data_directory', 'external_pid_file'],
    ...['listen_addresses', 'unix_socket_directories', 'bonjour', 'ssl', 'ssl_cert_file', 'ssl_key_file'],
    ...['password_encryption', 'krb_server_keyfile', 'oauth_validator_libraries'],
    ...['logging_collector', 'log_destination', 'log_min_messages', 'lc_messages'],
  ])('keeps %s to itself: supervision or secrecy depend on it', (name) => {
    expect(() => resolveEmbeddedPostgresOptions({ dataDir: 'd', settings: { [name]: 'x' } })).toThrow(
      `\`settings.${name}\` is managed by the embedded server.`,
    );
  });
});

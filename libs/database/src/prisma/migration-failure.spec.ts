import { describe, expect, it } from '@jest/globals';
import {
  MigrationFailedError,
  MigrationInterruptedError,
  MigrationSetupError,
} from '../migration/migration.errors.js';
import { translateMigrationFailure, type FailureContext } from './migration-failure.js';

const CALM: FailureContext = { records: [], scriptFailure: undefined, connectionLost: false };
const unfinished = (logs: string | null) => ({
  name: '2_b',
  checksum: '',
  finished: false,
  rolledBack: false,
  logs,
});

describe('translateMigrationFailure', () => {
  it("passes the library's own errors through", () => {
    const own = new MigrationSetupError({ kind: 'no-history' });
    expect(translateMigrationFailure(own, CALM)).toBe(own);
  });

  it("takes a failed script's words from the server, and counts lines in characters as the server does", () => {
    const script = '-- 🐘🐘🐘\nSELECT 1;\nSELECT 1/0;';
    const scriptFailure = { script, sqlState: '22012', reason: 'division by zero', position: 18 };
    const engineError = new Error('external connector error\n…');
    const error = translateMigrationFailure(engineError, {
      ...CALM,
      records: [unfinished(null)],
      scriptFailure,
    });
    expect(error).toMatchObject({
      migration: '2_b',
      failure: { reason: 'division by zero', line: 3, earlier: false },
    });
    expect(error.cause).toBe(engineError);
  });

  it.each([
    [
      'the WebAssembly engine',
      'external connector error\nError querying the database: ERROR: boom\n   0: stack',
      'boom',
      undefined,
    ],
    [
      'the WebAssembly engine, mapped',
      'external connector error\nNo such table: x\n   0: stack',
      'No such table: x',
      undefined,
    ],
    [
      'the native engine',
      'A migration failed to apply.\n\nMigration name: 2_b\n\nDatabase error code: 23505\n\nDatabase error:\nERROR: duplicate\nDETAIL: Key (a)=(secret)',
      'duplicate',
      '23505',
    ],
    ['a process that was killed', null, 'its deploy ended before it had finished', undefined],
  ])('reads what %s logged about an earlier failure, without the detail', (_, logs, reason, sqlState) => {
    const error = translateMigrationFailure(coded('P3009', 'found failed migrations'), {
      ...CALM,
      records: [unfinished(logs)],
    });
    expect(error).toBeInstanceOf(MigrationFailedError);
    expect((error as MigrationFailedError).failure).toEqual({ reason, sqlState, earlier: true });
  });

  it.each(['57P01', 'P1017', '08006'])('takes %s as a lost connection', (code) => {
    expect(translateMigrationFailure(coded(code, 'gone'), CALM)).toBeInstanceOf(MigrationInterruptedError);
  });

  it('takes a dead connection as the cause, whatever the engine says', () => {
    const error = translateMigrationFailure(new Error('odd'), { ...CALM, connectionLost: true });
    expect(error).toMatchObject({ name: 'MigrationInterruptedError', outcome: 'unknown' });
  });

  it('keeps the code of any other refusal, and only the first line of its text', () => {
    const error = translateMigrationFailure(coded('P3019', 'wrong provider\n   0: stack'), CALM);
    expect(error).toMatchObject({ problem: { kind: 'refused', refusal: 'P3019', reason: 'wrong provider' } });
  });

  it('treats an error without code as an interruption, as nobody knows what was done', () => {
    expect(translateMigrationFailure('strange', CALM)).toMatchObject({ outcome: 'unknown' });
  });
});

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

import { DatabaseError } from '../errors/database.error.js';
import {
  MigrationFailedError,
  MigrationInterruptedError,
  MigrationSetupError,
} from '../migration/migration.errors.js';
import type { ScriptFailure } from './migration-adapter.js';
import type { MigrationRecord } from './migration-history.js';

/** What is known beside the error itself. */
export interface FailureContext {
  /** What `_prisma_migrations` holds after the failure. */
  readonly records: readonly MigrationRecord[];
  readonly scriptFailure: ScriptFailure | undefined;
  readonly connectionLost: boolean;
}

const LOST = /^(57P0[123]|08...|P1017|P1001)$/;
// Written by the engine's WebAssembly build and by its native one, with which Prisma's CLI deploys.
const LOGGED = [
  /^Database error:\s*\n(?:ERROR: )?(.+)/m,
  /^external connector error\n(?:Error querying the database: )?(?:ERROR: )?(.+)/,
];
const LOGGED_SQLSTATE = /^Database error code: ([0-9A-Z]{5})$/m;

/**
 * Turns what stopped a deploy into the library's error: the engine reports a failed script without code and without
 * the server's own words, which come from the adapter instead.
 */
export function translateMigrationFailure(error: unknown, context: FailureContext): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const options = { cause: error };
  const { code, message } = describe(error);
  const { scriptFailure, records, connectionLost } = context;
  const failed = records.find((record) => !record.finished && !record.rolledBack);
  if (connectionLost || LOST.test(code ?? '') || LOST.test(scriptFailure?.sqlState ?? '')) {
    return new MigrationInterruptedError('the connection to the database was lost', options);
  }
  if (scriptFailure !== undefined && failed !== undefined) {
    const { reason, sqlState } = scriptFailure;
    return new MigrationFailedError(
      failed.name,
      { reason, sqlState, line: lineOf(scriptFailure), earlier: false },
      options,
    );
  }
  if (code === 'P3009' && failed !== undefined) {
    return new MigrationFailedError(failed.name, { ...readLogs(failed.logs), earlier: true }, options);
  }
  if (code === 'P3005') return new MigrationSetupError({ kind: 'no-history' }, options);
  if (code !== undefined)
    return new MigrationSetupError({ kind: 'refused', refusal: code, reason: message }, options);
  return new MigrationInterruptedError(`the schema engine gave up (${message})`, options);
}

/** The first line alone: the next ones hold the engine's stack, and the server's detail with row contents. */
function describe(error: unknown): { readonly code: string | undefined; readonly message: string } {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  const text = typeof message === 'string' ? message : String(error);
  return { code: typeof code === 'string' ? code : undefined, message: text.split('\n', 1)[0] ?? '' };
}

function lineOf({ script, position }: ScriptFailure): number | undefined {
  if (position === undefined) return undefined;
  // The server counts characters, JavaScript's strings count UTF-16 units.
  return [...script].slice(0, position - 1).filter((character) => character === '\n').length + 1;
}

function readLogs(logs: string | null): { readonly reason: string; readonly sqlState: string | undefined } {
  if (logs === null) return { reason: 'its deploy ended before it had finished', sqlState: undefined };
  const reason = LOGGED.map((pattern) => pattern.exec(logs)?.[1]).find((found) => found !== undefined);
  return {
    reason: reason?.trim() ?? logs.split('\n', 1)[0] ?? '',
    sqlState: LOGGED_SQLSTATE.exec(logs)?.[1],
  };
}

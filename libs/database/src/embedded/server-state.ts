import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedDataDirectoryError } from './embedded.errors.js';
import { scratchPath } from './scratch.js';
import { systemErrorCode } from './system-error.js';

/** What every instance has to know to use the server of a data directory. */
export interface ServerState {
  /** Counts the changes; the highest one is in force. */
  readonly generation: number;
  readonly port: number;
  readonly password: string;
}

const FILE_NAME = /^server-(\d+)\.json$/;

/**
 * Port and password of a data directory's server, in a file that only this user can read.
 *
 * A change is a new file under the next number, put in place complete and only if nobody else has: of several instances
 * that change the state at once one wins, and the others see its state. No lock is held that a crash could leave behind.
 */
export class ServerStateStore {
  constructor(private readonly directory: string) {}

  find(): ServerState | null {
    for (;;) {
      const generation = Math.max(0, ...this.generations());
      if (generation === 0) return null;
      try {
        return parseState(this.path(generation), generation);
      } catch (error) {
        // Replaced between the two calls.
        if (systemErrorCode(error) !== 'ENOENT') throw error;
      }
    }
  }

  /** Puts the state in place after the one given (null: the first one), or returns the one another instance has put there. */
  replace(
    previous: ServerState | null,
    { port, password }: Pick<ServerState, 'port' | 'password'>,
  ): ServerState {
    const state: ServerState = { generation: (previous?.generation ?? 0) + 1, port, password };
    const draft = scratchPath(this.directory);
    try {
      writeFileSync(draft, `${JSON.stringify({ port, password })}\n`, {
        mode: 0o600,
        flag: 'wx',
      });
      linkSync(draft, this.path(state.generation));
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw unusable(this.directory, error);
    } finally {
      rmSync(draft, { force: true });
    }
    const current = this.find() ?? state;
    for (const older of this.generations()) {
      if (older < current.generation) rmSync(this.path(older), { force: true });
    }
    return current;
  }

  private generations(): number[] {
    return readdirSync(this.directory).flatMap((name) => {
      const match = FILE_NAME.exec(name);
      return match === null ? [] : [Number(match[1])];
    });
  }

  private path(generation: number): string {
    return join(this.directory, `server-${generation}.json`);
  }
}

/** A password no one can guess, of characters that need no escaping anywhere. */
export function createPassword(): string {
  return randomBytes(24).toString('base64url');
}

function parseState(path: string, generation: number): ServerState {
  const text = readFileSync(path, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (
      typeof value === 'object' &&
      value !== null &&
      'port' in value &&
      'password' in value &&
      typeof value.port === 'number' &&
      typeof value.password === 'string'
    ) {
      return { generation, port: value.port, password: value.password };
    }
  } catch {
    // Reported below; the text may be half a secret and stays out of the error.
  }
  throw new EmbeddedDataDirectoryError(
    path,
    'it does not hold a port and a password',
    'restore it, or remove the whole data directory to begin anew',
  );
}

function unusable(directory: string, cause: unknown): EmbeddedDataDirectoryError {
  return new EmbeddedDataDirectoryError(
    directory,
    `a file cannot be created in it (${systemErrorCode(cause) ?? 'unknown error'})`,
    'make it writable, on a file system with hard links, or choose another data directory',
    { cause },
  );
}

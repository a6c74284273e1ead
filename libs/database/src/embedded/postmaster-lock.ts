import { readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isProcessAlive, isProgramAlive } from './process-liveness.js';
import { scratchPath } from './scratch.js';

/** What a running PostgreSQL writes about itself into its data directory; the port is missing while it has none. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number | undefined;
}

const FILE_NAME = 'postmaster.pid';
const PROGRAM = 'postgres';
const LINE = { pid: 0, port: 3 } as const;

/** The server that runs on this cluster, or null; the file of one that has died without removing it does not count. */
export function findPostmaster(cluster: string): Postmaster | null {
  const written = readLock(join(cluster, FILE_NAME));
  return written !== null && isProgramAlive(written.pid, PROGRAM) ? written : null;
}

/**
 * Removes the file of a dead server if its process id has since been given to another program: PostgreSQL would take that
 * program for a server that still runs, and refuse to start. It is common in containers, where ids start from 1 every time.
 *
 * In every other case the file stays: by it a new server finds out whether processes of a crashed one still hold the data.
 */
export function removeMisleadingLock(cluster: string): void {
  const lock = join(cluster, FILE_NAME);
  const written = readLock(lock);
  if (written === null || !isAnotherProgram(written.pid)) return;
  const aside = join(dirname(cluster), basename(scratchPath(cluster)));
  try {
    // Only one of several instances gets the file; it must not be that of a server another one has just started.
    renameSync(lock, aside);
  } catch {
    return;
  }
  const taken = readLock(aside);
  if (taken !== null && !isAnotherProgram(taken.pid)) renameSync(aside, lock);
  else rmSync(aside, { force: true });
}

function isAnotherProgram(pid: number): boolean {
  return isProcessAlive(pid) && !isProgramAlive(pid, PROGRAM);
}

function readLock(path: string): Postmaster | null {
  let lines: string[];
  try {
    lines = readFileSync(path, 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number.parseInt(lines[LINE.pid] ?? '', 10);
  const port = Number.parseInt(lines[LINE.port] ?? '', 10);
  return pid > 0 ? { pid, port: port > 0 ? port : undefined } : null;
}

import { readFileSync } from 'node:fs';
import { systemErrorCode } from './system-error.js';

/** Whether a process with this id runs; one that has ended and waits to be reaped by its parent does not. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') return false;
  }
  return process.platform !== 'linux' || !/^[ZX]/.test(linuxProcess(pid)?.state ?? '');
}

/** Whether the process runs a program of this name. Where the system does not tell, a living process is believed. */
export function isProgramAlive(pid: number, program: string): boolean {
  if (!isProcessAlive(pid)) return false;
  return process.platform !== 'linux' || linuxProcess(pid)?.program === program;
}

/**
 * A process as it was when it was first seen. The system gives the id of one that has ended to another program sooner or
 * later, in a small container within minutes; that one is not taken for it, where the system tells them apart (Linux).
 */
export class KnownProcess {
  private readonly identity: string | undefined;

  constructor(readonly pid: number) {
    this.identity = identityOf(pid);
  }

  get isAlive(): boolean {
    return isProcessAlive(this.pid) && identityOf(this.pid) === this.identity;
  }
}

/** The program and the moment it was started at, which no two processes of one id share. */
function identityOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const found = linuxProcess(pid);
  return found === undefined ? undefined : `${found.program} ${found.startTime}`;
}

/** Where `proc(5)` has the start time, counted from the state. */
const START_TIME_FIELD = 19;

/** Reads `/proc/<pid>/stat`: `pid (program) state …`; the program's name may hold spaces and parentheses. */
function linuxProcess(pid: number): { program: string; state: string; startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    const fields = stat.slice(end + 2).split(' ');
    return {
      program: stat.slice(stat.indexOf('(') + 1, end),
      state: fields[0] ?? '',
      startTime: fields[START_TIME_FIELD] ?? '',
    };
  } catch {
    return undefined;
  }
}

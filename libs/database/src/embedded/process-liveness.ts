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

/** Reads `/proc/<pid>/stat`: `pid (program) state …`; the program's name may hold spaces and parentheses. */
function linuxProcess(pid: number): { program: string; state: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    return { program: stat.slice(stat.indexOf('(') + 1, end), state: stat.slice(end + 2, end + 3) };
  } catch {
    return undefined;
  }
}

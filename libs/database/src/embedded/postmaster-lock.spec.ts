import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { itWith, LINUX } from '../../../../test/support/requirement.js';
import { findPostmaster, removeMisleadingLock } from './postmaster-lock.js';

describe('the lock file of a cluster', () => {
  let directory: string;
  let lock: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'postmaster-lock-'));
    lock = join(directory, 'postmaster.pid');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (pid: number) => writeFileSync(lock, `${pid}\n${directory}\n1700000000\n5432\n\n127.0.0.1\n`);

  it('names no server when it is missing, incomplete or of a process that has died', () => {
    expect(findPostmaster(directory)).toBeNull();
    writeFileSync(lock, '');
    expect(findPostmaster(directory)).toBeNull();
    write(endedProcess());
    expect(findPostmaster(directory)).toBeNull();
  });

  it('is left for PostgreSQL to judge when its process has died', () => {
    write(endedProcess());
    removeMisleadingLock(directory);
    expect(existsSync(lock)).toBe(true);
  });

  itWith(LINUX)('is removed when its process id now belongs to another program', () => {
    write(process.pid);
    expect(findPostmaster(directory)).toBeNull();
    removeMisleadingLock(directory);
    expect(readdirSync(directory)).toEqual([]);
  });
});

function endedProcess(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

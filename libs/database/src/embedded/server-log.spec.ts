import { mkdtempSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ServerLog } from './server-log.js';

describe('ServerLog', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'server-log-'));
    path = join(directory, 'log');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('shows the last lines of one run and none of the runs before', () => {
    writeFileSync(path, 'of another run\n');
    const run = new ServerLog(path).open();
    expect(run.tail()).toEqual([]);
    for (let line = 1; line <= 1_000; line++) writeSync(run.descriptor, `line ${line}\n`);
    run.release();
    expect(run.tail()).toHaveLength(12);
    expect(run.tail().at(-1)).toBe('line 1000');
  });

  it('sets a file that has grown large aside', () => {
    writeFileSync(path, Buffer.alloc(2 ** 21));
    new ServerLog(path).open().release();
    expect([statSync(path).size, statSync(`${path}.1`).size]).toEqual([0, 2 ** 21]);
  });
});

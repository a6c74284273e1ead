import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeWith, LINUX } from '../../../../test/support/requirement.js';
import { until } from '../../../../test/support/until.js';
import { isProcessAlive, KnownProcess } from './process-liveness.js';
import { type ServerProgram, type Sighting, SupervisedServer } from './supervised-server.js';

describeWith(LINUX)('a process id that another program has now', () => {
  let child: ChildProcess;
  const pid = () => child.pid ?? 0;
  /** From one moment to the next the id belongs to another program, as after a reuse. */
  const becomeAnotherProgram = async () => {
    child.stdin?.write('go\n');
    const program = () => readFileSync(`/proc/${pid()}/comm`, 'utf8').trim();
    expect(await until(() => program() === 'cat', 5_000)).toBe(true);
  };

  beforeEach(async () => {
    // The program that follows ends with the standard input, too.
    child = spawn('sh', ['-c', 'read line; exec cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
  });
  afterEach(async () => {
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  });

  it('is not taken for the process that had it', async () => {
    const known = new KnownProcess(pid());
    expect(known.isAlive).toBe(true);
    await becomeAnotherProgram();
    expect(known.isAlive).toBe(false);
    expect(isProcessAlive(pid())).toBe(true);
  });

  // Naive: a living process of that id is taken for the server, and its clients fail until that process ends.
  it('does not hide that the server has gone: the supervisor looks for it again', async () => {
    const successor: Sighting = { state: 'ready', pid: process.pid, port: 2 };
    let sighting: Sighting = { state: 'ready', pid: pid(), port: 1 };
    const program: ServerProgram = {
      product: 'Server',
      dataDir: '/nonexistent',
      sight: () => Promise.resolve(sighting),
      launch: () => Promise.reject(new TypeError('nothing is launched here')),
      isPassing: () => false,
      url: (port) => `server://127.0.0.1:${port}`,
    };
    const log: string[] = [];
    const server = await SupervisedServer.start(program, (line) => void log.push(line));
    try {
      expect(server.serverProcessId).toBe(pid());
      sighting = successor;
      await becomeAnotherProgram();
      expect(await until(() => server.serverProcessId === process.pid, 5_000)).toBe(true);
      expect(server.port).toBe(2);
      expect(log[0]).toContain('has gone');
    } finally {
      await server.stop();
    }
  });
});

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const WORKSPACE = resolve(import.meta.dirname, '../..');
const CONFIGURATION = join(WORKSPACE, 'jest.config.mjs');
const FIXTURES = join(WORKSPACE, 'test/support/fixtures/leaks');

interface SuiteResult {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  readonly message: string;
  readonly assertionResults: readonly { status: string }[];
}

/** One run of jest over all the fixtures; `--forceExit`, because some of them keep the process alive. */
async function runFixtures(port: number): Promise<{ exitCode: number; suites: Map<string, SuiteResult> }> {
  const jest = join(WORKSPACE, 'node_modules/jest/bin/jest.js');
  const args = ['--experimental-vm-modules', '--no-warnings', jest, '-c', join(FIXTURES, 'jest.config.mjs')];
  const options = { cwd: FIXTURES, env: { ...process.env, LEAK_FIXTURE_PORT: String(port) } };
  const { exitCode, stdout, stderr } = await new Promise<{
    exitCode: number;
    stdout: string;
    stderr: string;
  }>((done) => {
    execFile(
      process.execPath,
      [...args, '--json', '-w', '2', '--forceExit'],
      options,
      (error, stdout, stderr) => done({ exitCode: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
  if (!stdout.startsWith('{')) throw new Error(`jest did not run the fixtures: ${stderr}`);
  const { testResults } = JSON.parse(stdout) as { testResults: SuiteResult[] };
  return {
    exitCode,
    suites: new Map(testResults.map((suite) => [basename(suite.name, '.fixture.mjs'), suite])),
  };
}

describe('the leak check of the suites', () => {
  let server: Server;
  let port: number;
  let run: Awaited<ReturnType<typeof runFixtures>>;

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    run = await runFixtures(port);
  }, 60_000);

  afterAll(() => {
    server.close();
  });

  it.each([
    ['interval', () => /- 1 running timer:\n.*interval\.fixture\.mjs:4/],
    ['server', () => /- TCP server or unconnected socket on 127\.0\.0\.1:\d+/],
    ['socket', () => new RegExp(`- TCP socket to 127\\.0\\.0\\.1:${port} \\(local 127\\.0\\.0\\.1:\\d+\\)`)],
    ['child-process', () => /- child process \d+: .*node.* -e setTimeout/],
  ])('fails a suite that leaks: %s', (name, message) => {
    const suite = run.suites.get(name);
    expect(suite).toMatchObject({ status: 'failed', message: expect.stringMatching(message()) });
    // The test itself passed and is counted: the suite failed on top of it.
    expect(suite?.assertionResults).toEqual([expect.objectContaining({ status: 'passed' })]);
  });

  it('passes a suite that closes what it opened', () => {
    expect(run.suites.get('clean')).toMatchObject({ status: 'passed', message: '' });
  });

  it('is on for every project of this workspace', async () => {
    const { default: config } = (await import(CONFIGURATION)) as {
      default: { projects: { displayName: string; testEnvironment: string }[] };
    };
    const environments = config.projects.map(({ testEnvironment }) => basename(testEnvironment));
    expect(config.projects.map(({ displayName }) => displayName)).toEqual(
      expect.arrayContaining(['unit', 'servers']),
    );
    expect(new Set(environments)).toEqual(new Set(['leak-checking-environment.mjs']));
  });

  it('makes the run end with an error', () => {
    expect(run.exitCode).toBe(1);
  });
});

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { SCHEMA_ENGINE_VERSION } from '../../../libs/database/src/prisma/schema-engine.js';

// Several deploys or child processes in one test, on a machine that may be busy.
jest.setTimeout(20_000);

interface Outcome {
  readonly exitCode: number;
  readonly lines: readonly string[];
  readonly stderr: string;
}

describe('the schema engine', () => {
  it('is asked for by package and version when it is not installed', async () => {
    const { lines } = await run('missing');
    expect(lines[0]).toBe(
      'MigrationSetupError: Applying migrations needs the package `@prisma/schema-engine-wasm`, which is not installed. ' +
        `Run \`npm install --save-exact @prisma/schema-engine-wasm@${SCHEMA_ENGINE_VERSION}\`.`,
    );
  });

  it.each(['7.9.1-2.abc', '7.1.0-1.abc', '8.0.0-1.abc', '6.19.0-1.abc'])(
    'is refused in version %s, with which the library does not work',
    async (version) => {
      const { lines } = await run('version', version);
      expect(lines[0]).toBe(
        `MigrationSetupError: The installed \`@prisma/schema-engine-wasm\` is ${version}; this library needs 7.10 or a later 7. ` +
          `Run \`npm install --save-exact @prisma/schema-engine-wasm@${SCHEMA_ENGINE_VERSION}\`, the version it was tested with.`,
      );
    },
  );

  // A range with bounds matches prereleases of one patch release only, and the package has nothing else.
  it.each(['7.10.0-4.abc', '7.10.1-1.abc', '7.11.0-3.abc'])(
    'may be installed in version %s beside the library, and is loaded then',
    async (version) => {
      const manifest = JSON.parse(await readFile('libs/database/package.json', 'utf8')) as {
        peerDependencies: Record<string, string>;
      };
      // npm, pnpm and Yarn let exactly this range pass for a prerelease.
      expect(manifest.peerDependencies['@prisma/schema-engine-wasm']).toBe('*');
      const { lines } = await run('version', version);
      expect(lines[0]).toContain('could not be loaded');
    },
  );

  it('is installed in the version that this message gives', async () => {
    const manifest = await readFile('node_modules/@prisma/schema-engine-wasm/package.json', 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ version: SCHEMA_ENGINE_VERSION });
  });
});

describe('a panic of the schema engine', () => {
  it('becomes an error of every call, and the process lives on', async () => {
    const { exitCode, lines } = await run('panic');
    expect(exitCode).toBe(0);
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^MigrationInterruptedError: The deploy was cut short: the schema engine crashed \(panicked at /,
    );
    expect(lines[1]).toBe(lines[0]);
    expect(lines[2]).toBe('alive');
  });

  it('is told apart from an uncaught error of the application, which still ends the process', async () => {
    const { exitCode, lines, stderr } = await run('foreign');
    expect(exitCode).not.toBe(0);
    expect(lines).toEqual([]);
    expect(stderr).toContain('an error of the application');
  });
});

function run(...scenario: string[]): Promise<Outcome> {
  const file = (name: string): string => path.join(import.meta.dirname, name);
  const args = ['--import', file('typescript-loader.mjs'), file('engine-scenario.ts'), ...scenario];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { timeout: 20_000 }, (_, stdout, stderr) => {
      resolve({
        exitCode: child.exitCode ?? -1,
        lines: stdout.split('\n').filter((line) => line !== ''),
        stderr,
      });
    });
  });
}

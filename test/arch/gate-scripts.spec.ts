import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { processesIn } from '../support/shop-process.ts';
import { plantTree, removeTree, WORKSPACE } from './planted-tree.ts';

/** Written in pieces, or the checks would find them in this file. */
const word = (...pieces: string[]) => pieces.join('');
const machinePath = word('/ho', 'me/somebody/project');
const fence = word('``', '`');

const README = [
  '# Title',
  '[good](docs/guide.md#a-heading) [gone](docs/gone.md) [no anchor](docs/guide.md#nowhere)',
  'Run `npm run typecheck`, then `npm run no-such-script`.',
  '\u{1F680}',
  `${fence}ts`,
  'export const x: number = 1;',
  'export const wrong: number = "text";',
  fence,
  `${fence}ts ignore`,
  'not TypeScript',
  fence,
  '',
].join('\n');

const PLANTED: Record<string, string> = {
  'README.md': README,
  'docs/guide.md': '# A heading\n',
  'libs/database/src/cache/long.ts': 'export {};\n'.repeat(401),
  'libs/database/src/cache/longish.ts': 'export {};\n'.repeat(251),
  'libs/database/src/cache/long.spec.ts': 'export {};\n'.repeat(601),
  'libs/database/src/cache/utils.ts': 'export {};\n',
  'libs/database/src/cache/paths.ts': `export const path = '${machinePath}';\n`,
  'libs/database/src/cache/unfinished.ts': word('// TO', 'DO: later\n'),
  'libs/database/src/cache/rule.ts': word('/* eslint-', 'disable no-console */\n'),
  'libs/database/src/cache/only.spec.ts': word('it.on', "ly('x', () => {});\n"),
  'libs/database/src/cache/skip.spec.ts': word('it.sk', "ip('x', () => {});\n"),
  'libs/database/src/cache/reason.spec.ts': word('// Needs Windows.\nit.sk', "ip('x', () => {});\n"),
  'package-lock.json': word('{ "resol', 'ved": "https://registry.example/x.tgz" }\n'),
  '.gitignore': 'node_modules\ntemp\n',
};

describe('the scripts of the gate report', () => {
  let root: string;
  const run = (script: string) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join('scripts', script)], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, output: stdout + stderr };
  };

  beforeAll(() => {
    root = plantTree(PLANTED);
    cpSync(join(WORKSPACE, 'scripts'), join(root, 'scripts'), { recursive: true });
    spawnSync('git', ['init', '-q'], { cwd: root });
    spawnSync('git', ['add', '.'], { cwd: root });
  });
  afterAll(() => removeTree(root));

  it('files that are too long, and names that say nothing', () => {
    const { status, output } = run('check-file-size.mjs');
    expect(status).toBe(1);
    expect(output).toContain('error: libs/database/src/cache/long.ts has 401 lines');
    expect(output).toContain('warning: libs/database/src/cache/longish.ts has 251 lines');
    expect(output).toContain('error: libs/database/src/cache/long.spec.ts has 601 lines');
    expect(output).toContain('error: libs/database/src/cache/utils.ts: name the file');
    expect(output).toContain('3 errors, 1 warnings');
  });

  it('paths of a machine, registries, unfinished work, tests left out and rules switched off', () => {
    const { status, output } = run('check-hygiene.mjs');
    expect(status).toBe(1);
    expect(output).toContain('cache/paths.ts:1: path of a machine');
    expect(output).toContain('cache/unfinished.ts:1: unfinished work');
    expect(output).toContain('cache/rule.ts:1: lint rule switched off');
    expect(output).toContain('cache/only.spec.ts:1: exclusive test');
    expect(output).toContain('cache/skip.spec.ts:1: skipped test');
    expect(output).toContain('package-lock.json:1: package registry');
    expect(output).toContain(': 6 errors.');
  });

  it('links that lead nowhere, scripts that do not exist, emoji and code that does not compile', () => {
    const { status, output } = run('check-docs.mjs');
    expect(status).toBe(1);
    expect(output).toContain('README.md:2: the link leads nowhere: docs/gone.md');
    expect(output).toContain('README.md:2: there is no heading for the anchor: docs/guide.md#nowhere');
    expect(output).toContain('README.md:3: package.json has no script "no-such-script"');
    expect(output).toContain('README.md:4: no emoji');
    expect(output).toContain('README.md:7: error TS2322');
    expect(output).toContain('README.md:9: say why the block is not compiled');
    expect(output).toContain(': 6 errors.');
  }, 60_000);
});

describe('a server that was left behind with an empty environment and a command line without a path is found', () => {
  let directory: string;
  let orphan: ChildProcess;

  beforeAll(async () => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'orphan-')));
    // As an embedded Redis looks from outside. It ends with the standard input that it reads.
    orphan = spawn('cat', [], { cwd: directory, env: {} });
    await once(orphan, 'spawn');
  });
  afterAll(async () => {
    const ended = once(orphan, 'exit');
    orphan.stdin?.end();
    await ended;
    removeTree(directory);
  });

  it('by the gate, in its temporary directory and in no other', () => {
    const survivors = (temporary: string) => {
      const script = `TMPDIR="$1" CI_RUN_MARK=nobody-has-this; eval "$(sed -n '/^survivors() {/,/^}/p' .ci/run)"; survivors`;
      const { stdout } = spawnSync('bash', ['-c', script, 'bash', temporary], {
        cwd: WORKSPACE,
        encoding: 'utf8',
      });
      return stdout.split('\n').map((line) => Number(line.split(' ')[0]));
    };
    expect(survivors(directory)).toContain(orphan.pid);
    expect(survivors(`${directory}-other`)).not.toContain(orphan.pid);
  });

  it('by the tests of the shop, in its data directory and in no other', () => {
    expect(processesIn(directory)).toEqual([`${orphan.pid} cat`]);
    expect(processesIn(`${directory}-other`)).toEqual([]);
  });
});

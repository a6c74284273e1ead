// Proves that no file has outgrown its reader: sources have at most 400 lines (a warning above 250), specs at most 600,
// and no file has a name that says nothing about its content.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const LIMITS = { source: { warn: 250, fail: 400 }, spec: { warn: 600, fail: 600 } };
/** The list of all public names grows with the library, and is searched rather than read. */
const PUBLIC_NAMES = 'libs/database/src/index.ts';
const EMPTY_NAMES = /^(utils?|helpers?|misc|types|interfaces)\.(ts|mts|mjs|js)$/;

const files = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '*.ts', '*.mts', '*.mjs', '*.js'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));

const failures = [];
const warnings = [];
for (const file of files) {
  if (file === PUBLIC_NAMES) continue;
  const { warn, fail } = /[.-](spec|test-d)\.ts$/.test(file) ? LIMITS.spec : LIMITS.source;
  const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
  if (lines > fail) failures.push(`${file} has ${lines} lines; split it (at most ${fail}).`);
  else if (lines > warn) warnings.push(`${file} has ${lines} lines; ${warn} are enough as a rule.`);
  if (EMPTY_NAMES.test(basename(file))) failures.push(`${file}: name the file after what it holds.`);
}

for (const warning of warnings) console.warn(`warning: ${warning}`);
for (const failure of failures) console.error(`error: ${failure}`);
console.log(
  `Sizes and names of ${files.length} files: ${failures.length} errors, ${warnings.length} warnings.`,
);
process.exitCode = failures.length > 0 ? 1 : 0;

// What is in the tarball, and whether its manifest and its declarations agree with it.
import { join } from 'node:path';
import { ProgramFailedError } from './workplace.mjs';

const REQUIRED = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts'];
const ALLOWED = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|(dist|src)\/.+)$/;
const FORBIDDEN = /\.(spec|test|test-d)\.|\.tsbuildinfo$|(^|\/)(test|fixtures|node_modules)\//;
const LIMIT_MS = 120_000;

export async function checkTarball(workplace, root, tarball, files) {
  const problems = [
    ...REQUIRED.filter((file) => !files.includes(file)).map((file) => `${file} is missing.`),
    ...files
      .filter((file) => !ALLOWED.test(file) || FORBIDDEN.test(file))
      .map((file) => `${file} does not belong to it.`),
  ];
  if (problems.length > 0) throw new ProgramFailedError(`The tarball is wrong:\n${problems.join('\n')}`);
  // ESM only, by decision; CommonJS loads it through require(esm), which the applications prove.
  await tool(
    workplace,
    root,
    ['@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only'],
    'attw',
  );
  await tool(workplace, root, ['publint/src/cli.js', tarball, '--strict'], 'publint');
  return `${files.length} files`;
}

async function tool(workplace, root, [program, ...args], naming) {
  const path = join(root, 'node_modules', program);
  await workplace.must(process.execPath, [path, ...args], { cwd: root, limitMs: LIMIT_MS, naming });
}

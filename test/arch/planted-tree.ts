import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const WORKSPACE = resolve(import.meta.dirname, '../..');

/** The configuration under test is the real one: the planted tree gets copies of exactly these files. */
const CONFIGURATION = [
  '.dependency-cruiser.mjs',
  'architecture.mjs',
  'package.json',
  'tsconfig.base.json',
  'tsconfig.json',
  'libs/database/package.json',
  'apps/shop/package.json',
];

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface ArchRun {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs the command of `npm run arch`, as package.json has it, in `cwd`. */
export function runArch(cwd: string, ...extraArguments: string[]): Promise<ArchRun> {
  const manifest = JSON.parse(readFileSync(join(WORKSPACE, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [program, ...args] = (manifest.scripts.arch ?? '').split(/\s+/);
  if (program !== 'depcruise') throw new Error(`npm run arch does not run dependency-cruiser: ${program}`);
  const cli = join(WORKSPACE, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [cli, ...args, ...extraArguments], { cwd });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', failed);
    child.on('close', (exitCode) => done({ exitCode, output: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** The violations that `npm run arch` reports in `cwd`, one by one. */
export async function violationsIn(cwd: string): Promise<Violation[]> {
  const report = join(cwd, 'arch.json');
  const { output } = await runArch(cwd, '--output-type', 'json', '--output-to', report);
  let text: string;
  try {
    text = readFileSync(report, 'utf8');
  } catch {
    throw new Error(`dependency-cruiser wrote no report: ${output}`);
  }
  const { summary } = JSON.parse(text) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

/**
 * A small workspace in a temporary directory: the real configuration, the real packages, and the given sources.
 * The workspace's own packages are linked to the copy, so that nothing resolves back into the original.
 */
export function plantTree(sources: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'planted-tree-'));
  for (const file of CONFIGURATION) cpSync(join(WORKSPACE, file), join(root, file), { recursive: true });
  const modules = join(root, 'node_modules');
  mkdirSync(modules);
  const own = new Set(['nestjs-database', 'shop']);
  for (const name of readdirSync(join(WORKSPACE, 'node_modules'))) {
    if (!own.has(name)) symlinkSync(join(WORKSPACE, 'node_modules', name), join(modules, name));
  }
  symlinkSync(join(root, 'libs/database'), join(modules, 'nestjs-database'));
  for (const [file, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

export function removeTree(root: string): void {
  rmSync(root, { recursive: true, force: true });
}

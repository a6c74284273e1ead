// Proves that what is committed belongs to the project alone: no path of somebody's machine, no package registry (the
// lock included), no unfinished work, no test that is silently left out, no rule that is switched off without a reason.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const TEST_FILE = /(^|\/)test\/|[.-]spec\.ts$/;
const CODE_FILE = /\.(ts|mts|mjs|js|prisma|sql)$/;

/** `allowed` looks at the line before, too: that is where a reason stands. */
const RULES = [
  {
    says: 'path of a machine',
    pattern: /(?<![\w.:$})/-])\/(home|Users|root|work)\/[\w.@-]+/,
  },
  { says: 'path of a machine', pattern: /\b[A-Z]:\\Users\\/ },
  {
    says: 'package registry; the lock is written with omit-lockfile-registry-resolved',
    pattern:
      /"resolved": "https?:|^\s*(@[\w-]+:)?registry\s*=|\bregistry\.(npmjs|yarnpkg|[\w-]+\.[\w-]+)\b|\/api\/npm\//,
    except: /^scripts\/check-hygiene\.mjs$/,
  },
  // Put together here, so that this file does not find itself.
  {
    says: 'unfinished work',
    pattern: new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`),
  },
  { says: 'conflict marker', pattern: /^(<{7}|>{7}) / },
  {
    says: 'exclusive test',
    only: TEST_FILE,
    pattern: /\b(it|test|describe)(\.each)?\.only\b|\bf(it|describe)\(/,
  },
  {
    says: 'skipped test without a comment that says why',
    only: TEST_FILE,
    pattern: /\b(it|test|describe)(\.each)?\.(skip|todo)\b|\bx(it|test|describe)\(/,
    allowed: (line, before) => /\/\/ \S|\*\/\s*$/.test(before) || / \/\/ \S/.test(line),
  },
  {
    says: 'lint rule switched off without a reason (`-- why`)',
    only: CODE_FILE,
    pattern: /\beslint-disable(-next-line|-line)?\b/,
    allowed: (line) => / -- \S/.test(line),
    except: /^scripts\/check-hygiene\.mjs$/,
  },
];

const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)) && statSync(join(root, file)).isFile());

const findings = [];
for (const file of files) {
  const text = readFileSync(join(root, file), 'utf8');
  if (text.includes('\0')) continue;
  const rules = RULES.filter(({ only, except }) => (!only || only.test(file)) && !except?.test(file));
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    for (const { says, pattern, allowed } of rules) {
      if (!pattern.test(line) || allowed?.(line, lines[index - 1] ?? '')) continue;
      findings.push(`${file}:${index + 1}: ${says}: ${line.trim().slice(0, 120)}`);
    }
  });
}

for (const finding of findings) console.error(`error: ${finding}`);
console.log(`Hygiene of ${files.length} tracked files: ${findings.length} errors.`);
process.exitCode = findings.length > 0 ? 1 : 0;

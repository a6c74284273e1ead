// Proves that the documentation can be believed: every relative link leads somewhere (anchors included), every
// TypeScript block compiles against the library's sources and the shop's client, every `npm run` names a script.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const temp = join(root, 'temp/docs');
const errors = [];
const report = (file, line, message) => errors.push(`${relative(root, file)}:${line}: ${message}`);

function markdownFiles() {
  const docs = join(root, 'docs');
  const inDocs = existsSync(docs)
    ? readdirSync(docs, { recursive: true }).map((name) => join(docs, name))
    : [];
  const atTop = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'libs/database/README.md'];
  return [...atTop.map((name) => join(root, name)), ...inDocs].filter(
    (file) => /\.md$/.test(file) && existsSync(file),
  );
}

/** The lines of a file: prose with its number, and fenced blocks as a whole. */
function parse(file) {
  const prose = [];
  const blocks = [];
  let block;
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((text, index) => {
      const fence = /^\s*(`{3,}|~{3,})\s*(.*)$/.exec(text);
      if (block && fence?.[1].startsWith(block.fence) && fence[2] === '') block = undefined;
      else if (block) block.lines.push(text);
      else if (fence)
        blocks.push((block = { fence: fence[1], info: fence[2].trim(), line: index + 1, lines: [] }));
      else prose.push({ text, line: index + 1 });
    });
  if (block) report(file, block.line, 'the code block is never closed');
  return { prose, blocks };
}

/** The anchors as GitHub makes them: of the headings' plain text, numbered when one occurs again. */
function anchorsOf(file) {
  const seen = new Map();
  const anchors = new Set();
  for (const { text } of parse(file).prose) {
    for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    const heading = /^#{1,6}\s+(.+?)\s*#*$/.exec(text)?.[1];
    if (!heading) continue;
    const plain = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function checkLink(file, line, target) {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return;
  const [path, anchor] = target.split('#');
  const found = path === '' ? file : resolve(dirname(file), decodeURIComponent(path));
  if (!existsSync(found)) return report(file, line, `the link leads nowhere: ${target}`);
  if (relative(root, found).startsWith('..'))
    return report(file, line, `the link leaves the project: ${target}`);
  if (!anchor || !/\.md$/.test(found) || statSync(found).isDirectory()) return;
  if (!anchorsOf(found).has(anchor)) report(file, line, `there is no heading for the anchor: ${target}`);
}

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
function checkLine(file, { text, line }) {
  for (const [, name] of text.matchAll(
    /\bnpm (?:run (?:-s |--silent )?(?=[\w:.-]*\w)|(?=test\b|start\b))([\w:.-]*\w)/g,
  )) {
    if (!(name in scripts)) report(file, line, `package.json has no script "${name}"`);
  }
  const emoji = /\p{Emoji_Presentation}|\u{FE0F}/u.exec(text);
  if (emoji) report(file, line, `no emoji: ${emoji[0]}`);
}

/** Writes a block as a module of its own, on the lines it has in the document, so that messages point there. */
function extract(file, { info, line, lines }) {
  const [language, mark, ...reason] = info.split(/[\s:]+/);
  if (!/^(ts|typescript)$/.test(language)) return;
  if (mark === 'ignore') {
    if (reason.join('') === '')
      report(file, line, 'say why the block is not compiled: ```ts ignore: the reason');
    return;
  }
  const name = `${relative(root, file).replace(/[\\/]/g, '__')}.${line}.ts`;
  const isModule = lines.some((text) => /^(import|export)\b/.test(text));
  // The marker that makes a module stands behind the code: in front of it, it would move the lines.
  writeFileSync(
    join(temp, name),
    '\n'.repeat(line) + lines.join('\n') + (isModule ? '\n' : '\nexport {};\n'),
  );
  modules.push(name);
}

const modules = [];
rmSync(temp, { recursive: true, force: true });
mkdirSync(temp, { recursive: true });
const files = markdownFiles();
for (const file of files) {
  const { prose, blocks } = parse(file);
  for (const { text, line } of prose) {
    const withoutCode = text.replace(/`[^`]*`/g, '');
    for (const [, target] of withoutCode.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g))
      checkLink(file, line, target);
    for (const [, target] of withoutCode.matchAll(/^\[[^\]]+\]:\s*(\S+)/g)) checkLink(file, line, target);
    checkLine(file, { text, line });
  }
  for (const block of blocks) {
    block.lines.forEach((text, index) => checkLine(file, { text, line: block.line + index + 1 }));
    extract(file, block);
  }
}

// A block imports './generated/prisma/client.js' as the files of an application do: both folders are one to the compiler.
const rootDirs = ['.', '../../apps/shop/src'];
const register = '../../apps/shop/src/database.register.ts';
const tsconfig = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { noEmit: true, noUnusedLocals: false, noUnusedParameters: false, rootDirs },
  files: existsSync(join(temp, register)) ? [...modules, register] : modules,
};
writeFileSync(join(temp, 'tsconfig.json'), JSON.stringify(tsconfig, null, 2));
if (modules.length > 0) {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(
    process.execPath,
    [compiler, '-p', join(temp, 'tsconfig.json'), '--pretty', 'false'],
    {
      cwd: temp,
      encoding: 'utf8',
    },
  );
  const messages = stdout.split('\n').filter((text) => text !== '');
  const readable = (text) =>
    text.replace(
      /^(\S+)\.md\.\d+\.ts\((\d+),(\d+)\)/,
      (_, name, line) => `${name.replaceAll('__', '/')}.md:${line}`,
    );
  if (status !== 0) errors.push(...messages.map(readable));
}

for (const error of errors) console.error(`error: ${error}`);
console.log(
  `${files.length} documents, ${modules.length} TypeScript blocks compiled: ${errors.length} errors.`,
);
process.exitCode = errors.length > 0 ? 1 : 0;

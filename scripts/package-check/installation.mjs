// Packs the library and installs the tarball as an application does: from the registry, without a lock, without flags
// that loosen what the peer ranges demand.
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OWN_MAJOR } from './matrix.mjs';

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';
// Scripts of packages download engines from elsewhere; none that is needed here has one.
const INSTALL = ['install', '--no-package-lock', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
const PACK_LIMIT_MS = 120_000;
const INSTALL_LIMIT_MS = 300_000;

/** The path of the tarball, built by `prepack` like one that is published. */
export async function pack(workplace, root) {
  const args = ['pack', '--json', '--pack-destination', workplace.directory, '-w', 'nestjs-database'];
  const output = await workplace.must(NPM, args, { cwd: root, limitMs: PACK_LIMIT_MS, naming: 'npm pack' });
  // Newer versions of npm answer with an object by name, older ones with a list; lines of `prepack` may stand before.
  const answer = JSON.parse(output.slice(output.search(/^[[{]\s*$/m)));
  const [packed] = Array.isArray(answer) ? answer : Object.values(answer);
  return { tarball: join(workplace.directory, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** The path of a tarball of a package that is built already. */
export async function packFolder(workplace, folder) {
  const destination = await mkdtemp(join(workplace.directory, 'pack-'));
  const args = ['pack', '--ignore-scripts', '--pack-destination', destination];
  await workplace.must(NPM, args, { cwd: folder, limitMs: PACK_LIMIT_MS, naming: 'npm pack' });
  const [name] = await readdir(destination);
  return join(destination, name);
}

async function manifestOf(root, name) {
  return JSON.parse(await readFile(join(root, 'test/consumers', name, 'package.json'), 'utf8'));
}

/** Installs what the consumers of a group ask for, side by side; they have to agree where they ask for the same. */
export async function install(workplace, root, { group, consumers, tarball }) {
  const directory = join(workplace.directory, group);
  await mkdir(directory, { recursive: true });
  const dependencies = { 'nestjs-database': `file:${tarball}` };
  for (const { name } of consumers) {
    const manifest = await manifestOf(root, name);
    for (const [key, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      if ((dependencies[key] ??= range) !== range)
        throw new Error(
          `${name} wants ${key}@${range}; its group ${group} has ${dependencies[key]}. Split the group.`,
        );
    }
  }
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ name: group, private: true, dependencies }, null, 2),
  );
  await workplace.must(NPM, INSTALL, {
    cwd: directory,
    limitMs: INSTALL_LIMIT_MS,
    naming: `npm install (${group})`,
  });
  return directory;
}

/** Installs the versions of Node that are asked for; their binaries are packages, one for each system. */
export async function installNodes(workplace, versions) {
  const wanted = [...new Set(versions)].filter((version) => version !== 'own' && version !== OWN_MAJOR);
  const programs = new Map([
    ['own', process.execPath],
    [OWN_MAJOR, process.execPath],
  ]);
  if (wanted.length === 0) return programs;
  const directory = join(workplace.directory, 'nodes');
  await mkdir(directory);
  const windows = process.platform === 'win32';
  const source = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  const dependencies = Object.fromEntries(
    wanted.map((version) => [`node-${version}`, `npm:${source}@${version}`]),
  );
  await writeFile(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await workplace.must(NPM, INSTALL, {
    cwd: directory,
    limitMs: INSTALL_LIMIT_MS,
    naming: 'npm install (Node)',
  });
  for (const version of wanted) {
    const program = join(directory, 'node_modules', `node-${version}`, 'bin', windows ? 'node.exe' : 'node');
    if (!existsSync(program)) throw new Error(`The package ${source}@${version} has no ${program}.`);
    programs.set(version, program);
  }
  return programs;
}

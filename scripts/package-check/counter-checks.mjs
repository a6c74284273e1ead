// What must fail: settings that the documentation says do not work, and a package that has been spoilt on purpose. Were
// one of these to pass, the checks of the applications would prove nothing.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QUICK } from './application.mjs';
import { install, packFolder } from './installation.mjs';
import { ProgramFailedError } from './workplace.mjs';

/**
 * Each has the consumer that it starts from, and says what has to be found in the failure.
 *
 * @type {{ title: string, consumer: string, onlyInAll?: boolean, failure: RegExp,
 *   provoke: (application: object, context: object) => Promise<string> }[]}
 */
export const COUNTER_CHECKS = [
  {
    title: 'CommonJS with `module: node16` is refused by the compiler',
    consumer: 'cjs-nest12-fastify',
    failure: /TS1479: .*ECMAScript module and cannot be imported with 'require'/,
    provoke: (application) =>
      application.diagnostics('--module', 'node16', '--moduleResolution', 'node16', QUICK),
  },
  {
    title: 'declarations that accept anything are found by the type expectations',
    consumer: 'esm-nest12-worker',
    failure: /type-expectations\.ts.*TS2578: Unused '@ts-expect-error' directive/,
    async provoke(application) {
      await spoil(application, 'dist/repository/repository.d.ts', [
        /findMany<[^(]*\([^)]*\)/,
        "findMany<Args extends ArgsOf<Client, Model, 'findMany'>>(args?: any)",
      ]);
      return await application.diagnostics('--noEmit', QUICK);
    },
  },
  {
    title: 'a repository that loses the id is found by the running application',
    consumer: 'esm-nest12-worker',
    onlyInAll: true,
    failure: /^FAILED generated ids/m,
    async provoke(application, { servers }) {
      await spoil(application, 'dist/repository/record-id.js', [/\{ id \}/g, '{ id: String(id) + "0" }']);
      await application.compile(QUICK);
      return await failureOf(() => application.run(servers, process.execPath, process.versions.node));
    },
  },
  {
    title: 'a peer range that leaves the application out is refused by npm',
    consumer: 'cjs-nest11-express',
    onlyInAll: true,
    failure: /ERESOLVE/,
    async provoke(application, { workplace, root }) {
      await spoil(application, 'package.json', [/"\^11\.0\.0 \|\| \^12\.0\.0"/g, '"^12.0.0"']);
      const tarball = await packFolder(workplace, await application.ownPackage());
      const group = 'narrowed-peers';
      return await failureOf(() =>
        install(workplace, root, { group, consumers: [application.consumer], tarball }),
      );
    },
  },
  {
    title: 'a process that something keeps alive is found',
    consumer: 'esm-nest12-worker',
    onlyInAll: true,
    failure: /no end after/,
    async provoke(application, { servers }) {
      await spoil(application, 'dist/index.js', [/^/, 'setInterval(() => undefined, 1_000);\n']);
      await application.compile(QUICK);
      return await failureOf(() => application.run(servers, process.execPath, process.versions.node));
    },
  },
  {
    title: '`moduleResolution: node10` is refused by TypeScript 6',
    consumer: 'cjs-nest12-fastify',
    onlyInAll: true,
    failure: /TS5107: Option 'moduleResolution=node10' is deprecated/,
    provoke: (application) =>
      application.diagnostics('--module', 'commonjs', '--moduleResolution', 'node10', QUICK),
  },
  {
    title: '`moduleResolution: node10` is refused by TypeScript 5.9',
    consumer: 'cjs-nest11-express',
    onlyInAll: true,
    failure: /TS2307: Cannot find module 'nestjs-database\/health'/,
    provoke: (application) =>
      application.diagnostics('--module', 'commonjs', '--moduleResolution', 'node10', QUICK),
  },
  {
    title: 'CommonJS does not start on a Node that cannot require ESM',
    consumer: 'cjs-nest11-express',
    onlyInAll: true,
    failure: /ERR_REQUIRE_ESM/,
    async provoke(application, { servers }) {
      await application.compile(QUICK);
      const flags = ['--no-experimental-require-module'];
      return await failureOf(() => application.run(servers, process.execPath, process.versions.node, flags));
    },
  },
  {
    title: "the application's own Jest needs the recipe",
    consumer: 'cjs-nest12-jest',
    onlyInAll: true,
    failure:
      /Must use import to load ES Module|Cannot use import statement outside a module|Unexpected token 'export'/,
    async provoke(application, { servers }) {
      const config = await readFile(join(application.directory, 'jest.config.js'), 'utf8');
      await application.write('jest.config.js', config.replace(/transformIgnorePatterns: \[[^\]]*\],/, ''));
      return await failureOf(() => application.run(servers, process.execPath, process.versions.node));
    },
  },
];

async function spoil(application, path, [pattern, replacement]) {
  const file = join(await application.ownPackage(), path);
  const text = await readFile(file, 'utf8');
  const spoilt = text.replace(pattern, replacement);
  if (spoilt === text)
    throw new Error(`${path} has nothing that matches ${pattern}: the counter-check is out of date.`);
  await writeFile(file, spoilt);
}

async function failureOf(run) {
  try {
    await run();
    return '';
  } catch (error) {
    if (error instanceof ProgramFailedError) return error.message;
    throw error;
  }
}

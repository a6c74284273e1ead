import { DRIVERS, ENTRY_POINTS, MAY_IMPORT, MAY_IMPORT_ONLY, WITHOUT_NEST } from './architecture.mjs';

const ROOT = '^libs/database/src';
const SPEC = '\\.spec\\.ts$';
const folders = Object.keys(MAY_IMPORT);
/** `'*'`: tools around the library. They may see everything but each other, and nobody sees them. */
const tools = folders.filter((folder) => MAY_IMPORT[folder] === '*');

const anyOf = (names) => `(${names.join('|')})`;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const inFolders = (names) => `${ROOT}/${anyOf(names)}/`;
/** A package as it looks when it resolves (its own files or its @types) and when it does not. */
const inPackages = (names) => [
  `(^|/)node_modules/(@types/)?${anyOf(names.map(escaped))}/`,
  `^${anyOf(names.map(escaped))}(/|$)`,
];
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const mayImport = (from) =>
  MAY_IMPORT[from] === '*' ? folders.filter((to) => !tools.includes(to)) : MAY_IMPORT[from];

const layerRules = folders.flatMap((from) => {
  const closed = folders.filter((to) => to !== from && !mayImport(from).includes(to));
  const partial = MAY_IMPORT_ONLY.filter((rule) => rule.from.includes(from))
    .map(({ to, suffix }) => ({ suffix, to: to.filter((folder) => closed.includes(folder)) }))
    .filter(({ to }) => to.length > 0);
  const denied = closed.filter((folder) => !partial.some(({ to }) => to.includes(folder)));
  const files = { path: inFolders([from]), pathNot: SPEC };
  const specs = { path: `${inFolders([from])}.*${SPEC}` };
  const deniedToSpecs = denied.filter((folder) => !tools.includes(folder));
  const comment = `${from}/ may import only: ${mayImport(from).join(', ') || '(nothing)'}.`;
  return [
    denied.length > 0 && forbid(`layer-${from}`, comment, files, { path: inFolders(denied) }),
    deniedToSpecs.length > 0 &&
      forbid(`layer-${from}-spec`, `${comment} A spec may use the test kit too.`, specs, {
        path: inFolders(deniedToSpecs),
      }),
    ...partial.map(({ to, suffix }) =>
      forbid(
        `layer-${from}-only-${suffix.replace(/\W+/g, '-').replace(/^-|-$/g, '')}`,
        `${from}/ may import only *.${suffix}.ts from ${to.join(', ')}.`,
        { path: inFolders([from]) },
        { path: inFolders(to), pathNot: `\\.${suffix}\\.ts$` },
      ),
    ),
  ].filter(Boolean);
});

const driverRules = DRIVERS.flatMap(({ packages, folders: owners, typeOnlyFolders = [] }) => {
  const name = packages[0].replace(/\W+/g, '-').replace(/^-|-$/g, '');
  const to = { path: inPackages(packages) };
  // Specs are free: the classifier's spec, for one, compares its findings with the driver's real errors.
  return [
    forbid(
      `driver-${name}`,
      `${packages.join(', ')}: only in ${owners.join(', ')}/; everybody else uses a port (types count).`,
      { path: `${ROOT}/`, pathNot: [inFolders([...owners, ...typeOnlyFolders]), SPEC] },
      to,
    ),
    typeOnlyFolders.length > 0 &&
      forbid(
        `driver-${name}-type-only`,
        `${typeOnlyFolders.join(', ')}/ may import ${packages.join(', ')} with \`import type\` only.`,
        { path: inFolders(typeOnlyFolders), pathNot: SPEC },
        { ...to, dependencyTypesNot: ['type-only'] },
      ),
  ].filter(Boolean);
});

const entryPoints = ENTRY_POINTS.map((file) => `${ROOT}/${escaped(file)}$`);
const publicSubPaths = ENTRY_POINTS.filter((file) => file.includes('/')).map((file) =>
  escaped(file.replace(/\/index\.ts$/, '')),
);

const boundaryRules = [
  forbid(
    'no-root-from-folder',
    'Folders never import the composition root.',
    { path: `${ROOT}/[^/]+/`, pathNot: inFolders(tools) },
    { path: `${ROOT}/[^/]+\\.ts$`, pathNot: `${ROOT}/index\\.ts$` },
  ),
  forbid(
    'no-entry-point-inside',
    'Inside the library, import the file that declares the symbol; entry points are for users.',
    { path: `${ROOT}/`, pathNot: '/index\\.spec\\.ts$' },
    { path: [...entryPoints, `${ROOT}/.+/index\\.ts$`] },
  ),
  forbid(
    'no-tools-from-root',
    `The composition root never imports ${tools.join(', ')}/.`,
    { path: `${ROOT}/[^/]+\\.ts$`, pathNot: SPEC },
    { path: inFolders(tools) },
  ),
  forbid(
    'without-nest',
    `${WITHOUT_NEST.join(', ')}/ are plain TypeScript.`,
    { path: inFolders(WITHOUT_NEST), pathNot: SPEC },
    { path: inPackages(['@nestjs']) },
  ),
  forbid(
    'apps-only-entry-points',
    `Applications import nestjs-database${publicSubPaths.map((path) => `, /${path}`).join('')} and nothing else of the library.`,
    { path: '^apps/' },
    { path: ['^libs/', `^nestjs-database/(?!(${publicSubPaths.join('|')})$)`], pathNot: entryPoints },
  ),
  forbid(
    'apps-only-by-package-name',
    'Applications name the package, as a user would; they never reach it by a relative path.',
    { path: '^apps/' },
    { path: '^libs/', dependencyTypes: ['local'] },
  ),
  forbid('no-lib-to-app', 'The library knows no application.', { path: '^libs/' }, { path: '^apps/' }),
  forbid('no-circular', 'No import cycles, type-only imports included.', {}, { circular: true }),
  forbid('not-to-unresolvable', 'The import resolves to nothing.', {}, { couldNotResolve: true }),
  forbid(
    'only-declared-packages',
    "The library's own package.json declares every package it imports, and not as a development dependency.",
    { path: `${ROOT}/`, pathNot: SPEC },
    {
      dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      dependencyTypesNot: ['npm', 'npm-peer', 'npm-optional'],
    },
  ),
];

export default {
  forbidden: [...boundaryRules, ...driverRules, ...layerRules],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // Our own output only: excluding every `dist` would hide the packages whose files lie in one.
    exclude: { path: '^(libs|apps)/[^/]+/(dist|coverage)/' },
    doNotFollow: { path: ['node_modules', '/generated/'] },
    // The workspace's own condition leads from `nestjs-database/...` to its sources: no build is needed.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['nestjs-database/source', 'import', 'node', 'types', 'default'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};

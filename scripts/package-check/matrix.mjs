// Which applications use the packed package, on which versions of Node, and who shares an installation.

/** Where the requirement `engines` of the package begins, and the newest release of every major version. */
export const LOWEST_NODES = ['20.19.0', '22.12.0', '24.0.0'];
const NEWEST = ['20', '22', '24'];

/** This Node runs whatever asks for its major version; the others come from npm. */
export const OWN_MAJOR = process.versions.node.split('.')[0];

/**
 * - `group`: consumers of one group share an installation unless each is wanted on its own;
 * - `layers`: folders of test/consumers that are copied first;
 * - `nodes`: versions of Node on which the compiled application runs (`'own'` is the one that runs this check);
 * - `migrated`: whether the tables are there before the application starts; otherwise it deploys them itself.
 */
const consumer = (name, fields) => ({
  name,
  layers: ['base', 'http'],
  nodes: ['own'],
  migrated: true,
  program: ['dist/main.js'],
  ...fields,
});

export const CONSUMERS = [
  consumer('esm-nest12-express', { group: 'nest12', migrated: false, nodes: ['own', '22', '24'] }),
  consumer('cjs-nest12-fastify', { group: 'nest12', nodes: ['own', '22', '24'] }),
  consumer('cjs-nest12-jest', {
    group: 'nest12',
    layers: ['base'],
    program: ['node_modules/jest/bin/jest.js', '--ci', '--colors=false'],
  }),
  consumer('cjs-nest11-express', { group: 'nest11' }),
  consumer('esm-nest11-fastify', { group: 'nest11' }),
  // Has nothing but the required peers: that is what it is for.
  consumer('esm-nest12-worker', { group: 'worker', layers: ['base'] }),
  consumer('cjs-lowest-peers', { group: 'lowest', onlyInAll: true }),
];

/** Settings of the compiler other than those of the consumers, with which the same sources compile; only in `--all`. */
export const OTHER_SETTINGS = [
  { consumer: 'cjs-nest12-fastify', module: 'node20', moduleResolution: 'node16' },
  { consumer: 'cjs-nest12-fastify', module: 'commonjs', moduleResolution: 'bundler' },
  { consumer: 'esm-nest11-fastify', module: 'esnext', moduleResolution: 'bundler' },
];

/** The matrix of one run: what matters in every gate, or everything. */
export function matrix({ all, only }) {
  const wanted = only
    ? CONSUMERS.filter(({ name }) => only.includes(name))
    : CONSUMERS.filter(({ onlyInAll }) => all || !onlyInAll);
  return wanted.map((entry) => ({
    ...entry,
    group: all ? entry.name : entry.group,
    nodes: all ? allNodes(entry) : entry.nodes,
  }));
}

function allNodes({ name }) {
  const lowest = name === 'cjs-nest12-fastify' || name === 'esm-nest12-express' ? LOWEST_NODES : [];
  return ['own', ...NEWEST.filter((major) => major !== OWN_MAJOR), ...lowest];
}

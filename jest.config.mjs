const swc = [
  '@swc/jest',
  {
    swcrc: false,
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  },
];

const common = {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/test/support/leak-checking-environment.mjs',
  testEnvironmentOptions: { customExportConditions: ['nestjs-database/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.data/'],
  transform: { '^.+\\.ts$': swc },
};

/** @type {import('jest').Config} */
export default {
  maxWorkers: 2,
  // The first application of a worker loads all of Nest; what is waited for in a test has a bound of its own. Here, as
  // jest-circus 30 does not look at the one of a project.
  testTimeout: 15_000,
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/{libs,apps}/*/src/**/*.spec.ts', '<rootDir>/test/arch/**/*.spec.ts'],
    },
    {
      ...common,
      displayName: 'servers',
      testMatch: ['<rootDir>/test/**/*.{int,e2e}-spec.ts', '<rootDir>/apps/*/test/**/*.e2e-spec.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.mjs',
      globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
    },
    // The long forms of the fault tests: minutes instead of seconds, so not part of `npm test`.
    {
      ...common,
      displayName: 'chaos',
      testEnvironment: '<rootDir>/test/support/leak-checking-environment.mjs',
      testMatch: ['<rootDir>/test/chaos/**/*.chaos-spec.ts'],
      globalSetup: '<rootDir>/test/support/global-setup.mjs',
      globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
    },
  ],
};

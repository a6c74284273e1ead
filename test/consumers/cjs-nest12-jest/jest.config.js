// The recipe of docs/compatibility.md: Jest cannot load ESM through require(), so what is ESM in node_modules (this
// package, and Nest itself since version 12 with what it depends on) is turned into CommonJS like the application.
/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: [
    '/node_modules/(?!(@nestjs|nestjs-database|file-type|strtok3|token-types|uint8array-extras|@tokenizer|@borewit)/)',
  ],
};

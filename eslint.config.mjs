import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TESTS = [
  '**/*.{spec,int-spec,e2e-spec,chaos-spec,bench,test-d}.ts',
  'test/**/*.ts',
  'bench/**/*.ts',
  'apps/*/test/**/*.ts',
];

/** Plain JavaScript has no compiler that knows what Node offers. */
const NODE_GLOBALS = [
  ...['process', 'console', 'performance', 'Buffer', 'URL', 'URLSearchParams', 'TextDecoder', 'TextEncoder'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'],
  ...['queueMicrotask', 'structuredClone', 'fetch', 'AbortController', 'AbortSignal'],
];

/** An error without a code cannot be handled by a caller; the taxonomy in `errors/` has a class for every case. */
const bareErrors = {
  selector: 'ThrowStatement > NewExpression[callee.name=/^(Error|TypeError|RangeError)$/]',
  message: 'Throw a class of the error taxonomy (code, data, remedy), never a bare Error.',
};

const noProcessExit = {
  object: 'process',
  property: 'exit',
  message: 'Ending the process is the decision of the application.',
};

export default defineConfig(
  globalIgnores(['**/dist/', '**/generated/', '**/coverage/', 'temp/', '**/.data/', 'test/**/fixtures/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // `import { type X } from 'y'` still loads y under verbatimModuleSyntax; `import type` does not.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // A `default` is a decision about the members that are not named (there are some forty error codes).
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // `async` without `await` is how a method promises that its failures arrive as rejections.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['libs/*/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      'no-console': 'error',
      'no-restricted-properties': ['error', noProcessExit],
      'no-restricted-syntax': ['error', bareErrors],
    },
  },
  {
    files: TESTS,
    rules: {
      // Doubles and HTTP bodies are loosely typed on purpose; a wrong shape fails the assertion itself.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // `expect(double.method)` passes a method without calling it.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  // A type test declares values only to look at their types.
  { files: ['**/*.test-d.ts'], rules: { '@typescript-eslint/no-unused-vars': 'off' } },
  {
    // Separate applications with another client and other versions; `npm run check:package` compiles each by itself.
    files: ['test/consumers/**/*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['test/consumers/**/jest.config.js'],
    languageOptions: { sourceType: 'commonjs', globals: { module: 'writable' } },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(NODE_GLOBALS.map((name) => [name, 'readonly'])),
    },
  },
);

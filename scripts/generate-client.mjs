// Generates the Prisma clients, and the shop's tables for its queries, when their schema, the configuration or Prisma itself has changed since the last time.
// `npm start`, `npm test` and the gate all need them and may run side by side: generating again would replace
// files that another of them is just reading.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

/** The shop's client, and those of the library's own tests. */
const CLIENTS = [
  { schema: 'prisma/schema.prisma', output: 'apps/shop/src/generated/prisma' },
  { schema: 'test/support/records/schema.prisma', output: 'test/support/records/generated/prisma' },
  { schema: 'test/support/pages/schema.prisma', output: 'test/support/pages/generated/prisma' },
];

for (const { schema, output } of CLIENTS) {
  const stamp = join(root, output, '.inputs');
  const inputs = createHash('sha256')
    .update(readFileSync(join(root, schema)))
    .update(readFileSync(join(root, 'prisma.config.ts')))
    .update(require('prisma/package.json').version)
    .update(require('../package.json').devDependencies['prisma-kysely'])
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) continue;
  const prisma = require.resolve('prisma/build/index.js');
  const { status } = spawnSync(process.execPath, [prisma, 'generate', '--schema', schema], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, inputs);
}

// Generates the Prisma client when the schema, the configuration or Prisma itself has changed since the last time.
// `npm start`, `npm test` and the gate all need the client and may run side by side: generating again would replace
// files that another of them is just reading.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const output = join(root, 'apps/shop/src/generated/prisma');
const stamp = join(output, '.inputs');

const require = createRequire(import.meta.url);
const inputs = createHash('sha256')
  .update(readFileSync(join(root, 'prisma/schema.prisma')))
  .update(readFileSync(join(root, 'prisma.config.ts')))
  .update(require('prisma/package.json').version)
  .digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== inputs) {
  const prisma = require.resolve('prisma/build/index.js');
  const { status } = spawnSync(process.execPath, [prisma, 'generate'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, inputs);
}

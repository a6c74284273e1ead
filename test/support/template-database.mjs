// Migrates one database with the shop's migrations, from which every suite gets its own copy in some 50 ms.
import { PrismaMigrationRunner } from '../../libs/database/dist/prisma/prisma-migration.runner.js';

const NAME = `template_${process.pid}`;

/** Creates the template and returns its name. All connections to it are closed: one open one would block every copy. */
export async function migrateTemplate(pg, adminUrl) {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    await admin.query(`CREATE DATABASE ${NAME}`);
  } finally {
    await admin.end();
  }
  const { hostname, port, username, password } = new URL(adminUrl);
  const runner = new PrismaMigrationRunner({
    url: {
      host: hostname,
      port: Number(port || 5432),
      user: decodeURIComponent(username),
      database: NAME,
      schema: undefined,
    },
    password: () => decodeURIComponent(password),
    tls: false,
    applicationName: 'test-template',
    directory: 'prisma/migrations',
    lockTimeoutMs: 60_000,
    log: () => undefined,
  });
  await runner.deploy();
  return NAME;
}

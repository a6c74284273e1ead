import { defineConfig } from 'prisma/config';

// `generate`, `validate` and `format` never run the schema engine; the CLI only insists that the file exists,
// and would download it. Any executable satisfies that check.
const offlineCommands = ['generate', 'validate', 'format'];
if (process.argv.some((argument) => offlineCommands.includes(argument)) && !process.argv.includes('--sql')) {
  process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://unset@127.0.0.1:1/unset' },
});

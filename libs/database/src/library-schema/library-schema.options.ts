import { readSchema } from '../config/identifier.js';
import type { OptionValidator } from '../config/option-validator.js';

export const DEFAULT_LIBRARY_SCHEMA = 'nestjs_database';

/** @param ownSchema - where the application's tables are, as far as that is known */
export function readLibrarySchema(
  value: unknown,
  ownSchema: string | undefined,
  path: string,
  validator: OptionValidator,
): string {
  const schema = readSchema(value, path, validator) ?? DEFAULT_LIBRARY_SCHEMA;
  if (schema === (ownSchema ?? 'public')) {
    validator.reject(
      path,
      `is "${schema}", the schema of the application's own tables, where Prisma takes tables it does not know for drift.`,
    );
  }
  if (/^(pg_|information_schema$)/i.test(schema))
    validator.reject(path, 'is a name that PostgreSQL keeps for itself.');
  return schema;
}

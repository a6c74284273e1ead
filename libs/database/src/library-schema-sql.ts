import { InvalidOptionsError } from './config/config.errors.js';
import { OptionValidator } from './config/option-validator.js';
import { readLibrarySchema } from './library-schema/library-schema.options.js';
import { libraryScript } from './library-schema/library-schema-script.js';
import type { SchemaComponent } from './library-schema/schema-component.js';
import { OUTBOX_SCHEMA } from './outbox/outbox.schema.js';
import { SAGA_TABLES } from './saga/journal/saga-tables.js';

/** Every part of the library that has tables. */
const COMPONENTS: readonly SchemaComponent[] = [OUTBOX_SCHEMA, SAGA_TABLES];

/**
 * For {@link librarySchemaSql}.
 *
 * @public
 */
export interface LibrarySchemaSqlOptions {
  /**
   * The schema, as the option `librarySchema` names it.
   *
   * @defaultValue 'nestjs_database'
   */
  readonly schema?: string | undefined;
}

/**
 * The SQL that makes the library's own tables, or brings them up to date: for those who apply DDL by hand. It may be run
 * any number of times.
 *
 * The user of the application needs USAGE on the schema and SELECT, INSERT, UPDATE and DELETE on its tables.
 *
 * @throws {@link InvalidOptionsError} for a schema that is no plain identifier
 *
 * @public
 */
export function librarySchemaSql(options: LibrarySchemaSqlOptions = {}): string {
  const validator = new OptionValidator();
  const { schema } = validator.object(options, '', ['schema']);
  const checked = readLibrarySchema(schema, undefined, 'schema', validator);
  if (validator.violations.length > 0)
    throw new InvalidOptionsError('librarySchemaSql', validator.violations);
  return libraryScript(checked, COMPONENTS);
}

import { DatabaseError, type DatabaseErrorOptions } from '../errors/database.error.js';

/**
 * What is wrong with the library's own tables.
 *
 * `changed`: a step was applied with other statements than this release has. `refused`: the user of the connection may
 * not use or create them; `reason` is what the server said.
 *
 * @public
 */
export type LibrarySchemaProblem =
  { readonly kind: 'changed' } | { readonly kind: 'refused'; readonly reason: string };

/**
 * The library's own tables are not what this release needs, and it cannot make them so. Nothing was changed.
 *
 * @public
 */
export class LibrarySchemaError extends DatabaseError {
  override readonly name = 'LibrarySchemaError';
  readonly code = 'LIBRARY_SCHEMA';
  readonly retryable = false;

  constructor(
    /** The schema that holds, or would hold, the tables. */
    readonly schema: string,
    /** The steps it is about, such as `outbox 1: create the tables`; empty where they could not even be read. */
    readonly steps: readonly string[],
    /** What is wrong, by `kind`. */
    readonly problem: LibrarySchemaProblem,
    options?: DatabaseErrorOptions,
  ) {
    super(describe(schema, steps, problem), options);
  }
}

function describe(schema: string, steps: readonly string[], problem: LibrarySchemaProblem): string {
  const list = steps.map((step) => `\`${step}\``).join(', ');
  if (problem.kind === 'changed') {
    return (
      `The tables of the library in the schema \`${schema}\` were made with other statements than this release has: ${list}. ` +
      'Install the release that made them or a later one, or give this application a schema of its own with `librarySchema`.'
    );
  }
  const missing = list === '' ? 'cannot be read' : `lack ${list}`;
  return (
    `The tables of the library in the schema \`${schema}\` ${missing}, and the database says: ${problem.reason}. ` +
    'Let somebody who may create schemas and tables run what `librarySchemaSql()` gives, and grant this user USAGE on the ' +
    'schema and SELECT, INSERT, UPDATE and DELETE on its tables.'
  );
}

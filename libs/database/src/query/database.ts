import type { RegisteredTables } from '../client/database-register.js';
import { TypedDatabase, type DatabaseParts } from './typed-database.js';

/**
 * SQL for what models cannot say, on the connection's own pool; it joins the ambient transaction.
 *
 * Values come back as Prisma gives them: int8 as bigint, numeric as Decimal, dates and timestamps as `Date` read as UTC,
 * bytea as `Uint8Array`. The query builder knows the tables of {@link DatabaseRegister}.
 *
 * @public
 */
export class Database extends TypedDatabase<RegisteredTables> {}

/** What the library's own parts need of a connection beside its facade. */
export function partsOf(database: Database): DatabaseParts {
  // Private to its users, and not to the library.
  return database['parts'];
}

import { DatabaseError } from '../errors/database.error.js';
import { isInstance } from '../common/safe-read.js';
import { thrownBy } from '../fault/diagnosis.js';

/**
 * What `@Catch(DatabaseFault)` catches: every `DatabaseError`, and what Prisma, the driver and Redis throw where no
 * repository has translated it. Nothing else, so that other filters and Nest itself see the rest as before; an exception
 * of the application that has a database error for its `cause` is the application's.
 *
 * @public
 */
export abstract class DatabaseFault {
  /** Nest asks with `instanceof`; the classes of a generated client cannot be imported to name them. */
  static [Symbol.hasInstance](exception: unknown): boolean {
    if (isInstance(exception, DatabaseError)) return true;
    if (!isInstance(exception, Error)) return false;
    return ['library', 'prisma', 'postgres', 'redis'].includes(thrownBy(exception));
  }
}

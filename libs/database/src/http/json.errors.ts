import { DatabaseError, type DatabaseErrorOptions } from '../errors/database.error.js';

/**
 * A value has no form in JSON: it contains itself, or goes deeper than a response has reason to.
 *
 * @public
 */
export class NotSerializableError extends DatabaseError {
  override readonly name = 'NotSerializableError';
  readonly code = 'NOT_SERIALIZABLE';
  readonly retryable = false;

  constructor(
    /** Where it stands in the value, such as `items.0.order`. */
    readonly path: string,
    /** What is wrong there: a clause that continues the path. */
    readonly problem: string,
    options?: DatabaseErrorOptions,
  ) {
    super(`\`${path}\` ${problem} Return a part of it, or give the object a \`toJSON\`.`, options);
  }
}

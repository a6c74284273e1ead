import { QueryError, type QueryErrorOptions } from './query.errors.js';

/**
 * Which rule of the database was broken; names only, never values.
 *
 * @public
 */
export interface ConstraintViolation {
  /** The fields or columns, as far as they are known; empty when the server names the constraint alone. */
  readonly fields?: readonly string[] | undefined;
  /** The constraint's or index' name in the database. */
  readonly constraint?: string | undefined;
  /** The model's name in the schema. */
  readonly model?: string | undefined;
  /** The table's name in the database. */
  readonly table?: string | undefined;
}

/**
 * The operation would have broken a rule of the database, so nothing was changed. A repetition cannot help.
 *
 * @public
 */
export abstract class ConstraintViolationError extends QueryError {
  readonly retryable = false;
  /** The fields or columns, as far as they are known. */
  readonly fields: readonly string[];
  /** The constraint's or index' name in the database. */
  readonly constraint: string | undefined;
  /** The model's name in the schema. */
  readonly model: string | undefined;
  /** The table's name in the database. */
  readonly table: string | undefined;

  constructor(message: string, violation: ConstraintViolation, options?: QueryErrorOptions) {
    super(message, options);
    this.fields = Object.freeze([...(violation.fields ?? [])]);
    this.constraint = violation.constraint;
    this.model = violation.model;
    this.table = violation.table;
  }
}

/**
 * A value that has to be unique is in use already.
 *
 * @public
 */
export class UniqueViolationError extends ConstraintViolationError {
  override readonly name = 'UniqueViolationError';
  readonly code = 'UNIQUE_VIOLATION';

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    violation: ConstraintViolation,
    options?: QueryErrorOptions,
  ) {
    super(
      `${operation} was refused: the value of ${describe(violation)} is in use already. ` +
        'Choose another one, or change the record that has it.',
      violation,
      options,
    );
  }
}

/**
 * A record that is referred to does not exist, or a record that is to go is still referred to.
 *
 * @public
 */
export class ForeignKeyViolationError extends ConstraintViolationError {
  override readonly name = 'ForeignKeyViolationError';
  readonly code = 'FOREIGN_KEY_VIOLATION';

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    violation: ConstraintViolation,
    options?: QueryErrorOptions,
  ) {
    super(
      `${operation} was refused: the reference ${describe(violation)} would lead nowhere. ` +
        'Create the record it names first, or remove the records that still refer to it.',
      violation,
      options,
    );
  }
}

/**
 * A required field was left empty.
 *
 * @public
 */
export class NotNullViolationError extends ConstraintViolationError {
  override readonly name = 'NotNullViolationError';
  readonly code = 'NOT_NULL_VIOLATION';

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    violation: ConstraintViolation,
    options?: QueryErrorOptions,
  ) {
    super(
      `${operation} was refused: ${describe(violation)} must not be empty. Give it a value.`,
      violation,
      options,
    );
  }
}

/**
 * A value breaks a check or an exclusion constraint of the database.
 *
 * @public
 */
export class CheckViolationError extends ConstraintViolationError {
  override readonly name = 'CheckViolationError';
  readonly code = 'CHECK_VIOLATION';

  constructor(
    /** What was asked, such as `user.create`; never SQL with values. */
    readonly operation: string,
    violation: ConstraintViolation,
    options?: QueryErrorOptions,
  ) {
    super(
      `${operation} was refused: the data break the rule ${describe(violation)} of the database. ` +
        'Give data that keep it.',
      violation,
      options,
    );
  }
}

function describe({ fields = [], constraint, model, table }: ConstraintViolation): string {
  const owner = model ?? table;
  const prefix = owner === undefined ? '' : `${owner}.`;
  const names = fields.map((field) => `\`${prefix}${field}\``).join(', ');
  if (names !== '') return constraint === undefined ? names : `${names} (constraint \`${constraint}\`)`;
  if (constraint !== undefined)
    return `constraint \`${constraint}\`${owner === undefined ? '' : ` of ${owner}`}`;
  return owner === undefined ? 'a field' : `a field of ${owner}`;
}

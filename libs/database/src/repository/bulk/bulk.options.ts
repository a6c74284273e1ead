import type { ArgsOf, ColumnsOf, UniqueKeyOf, UniqueKeyValue } from '../../client/model-types.js';

/**
 * A record as `createMany` takes it: columns only, with no records of other models.
 *
 * @public
 */
export type BulkRow<Client, Model extends string> = Exclude<
  NonNullable<ArgsOf<Client, Model, 'createMany'>['data']>,
  readonly unknown[]
>;

/**
 * How many rows go into one statement.
 *
 * @public
 */
export interface BulkOptions {
  /**
   * Rows of one statement. Range: [1, 100 000].
   *
   * @defaultValue 5000
   */
  readonly chunkSize?: number;
  /**
   * The client has extensions that look at writes of the model, or compute a field in `returning`, and these rows need
   * nothing of them. They are not asked, as the statement is the library's own: without this word it is refused.
   *
   * @defaultValue false
   */
  readonly bypassExtensions?: boolean;
}

/**
 * How `bulkInsert` goes about it.
 *
 * @public
 */
export interface BulkInsertOptions<Field extends string> extends BulkOptions {
  /**
   * Leave out the rows of which a unique key is there already, instead of failing with a {@link UniqueViolationError}.
   *
   * @defaultValue false
   */
  readonly skipDuplicates?: boolean;
  /** The columns to give back of the rows that were written; in no order, so take a key among them. */
  readonly returning?: readonly Field[];
}

/**
 * What `bulkInsert` has done.
 *
 * @public
 */
export interface BulkInsertResult<Record> {
  /** How many rows were written. */
  readonly inserted: number;
  /** What `returning` asked for; empty without it. */
  readonly records: Record[];
}

/**
 * The fields of a unique key: `['sku']`, or all fields of a compound one.
 *
 * @public
 */
export type ConflictKeyOf<Client, Model extends string> = {
  [Key in UniqueKeyOf<Client, Model>]: Key extends keyof ColumnsOf<Client, Model>
    ? readonly [Key]
    : readonly (keyof UniqueKeyValue<Client, Model, Key> & string)[];
}[UniqueKeyOf<Client, Model>];

/**
 * Which rows `bulkUpsert` takes for the same, and what it changes of them.
 *
 * @public
 */
export interface BulkUpsertOptions<Client, Model extends string> extends BulkOptions {
  /** A unique key of the model. */
  readonly on: ConflictKeyOf<Client, Model>;
  /** What takes the new values where the key is there already; `@updatedAt` follows by itself. Empty: leave the old row. */
  readonly update: readonly (keyof ColumnsOf<Client, Model> & string)[];
}

/**
 * What `bulkUpsert` has done.
 *
 * @public
 */
export interface BulkUpsertResult {
  /** How many rows are new. */
  readonly inserted: number;
  /** How many rows were changed. */
  readonly updated: number;
  /** How many were left as they are: for an empty `update`, and where the old record is deleted (soft delete). */
  readonly unchanged: number;
}

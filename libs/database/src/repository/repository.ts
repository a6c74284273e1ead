import type { RegisteredClient } from '../client/database-register.js';
import type {
  ArgsOf,
  ColumnsOf,
  DelegateOf,
  Exact,
  IdOf,
  KnownKeys,
  ModelOf,
  PlainArgs,
  ResultOf,
  ShapedResult,
  ShapeOf,
  UniqueKeyOf,
  UniqueKeyValue,
} from '../client/model-types.js';
import type { Database } from '../query/database.js';
import type { OffsetPageArgs, OffsetPageOf, PageArgs, PageOf } from './keyset/page-types.js';
import type {
  CreateArgs,
  CreateData,
  CreateManyArgs,
  DeleteArgs,
  DeleteManyArgs,
  Filled,
  UpdateArgs,
  UpdateData,
  UpdateManyArgs,
  UpsertArgs,
} from './repository-arguments.js';
import type { NoTraits, RepositoryTraits } from './repository-traits.js';
import type {
  BulkInsertOptions,
  BulkInsertResult,
  BulkRow,
  BulkUpsertOptions,
  BulkUpsertResult,
} from './bulk/bulk.options.js';

/**
 * What every repository of a model can do. Results follow `select`, `include` and `omit`; unknown keys are refused
 * at every depth of the arguments.
 *
 * `undefined` never widens a filter: as an id, inside a `where` or in place of one, in the filters of relations and of
 * nested writes it is refused with a {@link ValidationError} that names the path, before anything is sent. To leave a
 * condition out, leave its key out, or say so with `Prisma.skip` where the client has it.
 *
 * With soft delete, all methods see the living records only. Records that are reached through a relation (`include`,
 * nested writes) belong to another model: its repository's options do not apply to them.
 *
 * All of it joins the transaction the caller runs in.
 *
 * @public
 */
export declare class Repository<Client, Model extends string, Traits extends RepositoryTraits = NoTraits> {
  /** The model's delegate name. */
  readonly model: Model;
  /**
   * Prisma's typed delegate, for everything the repository does not wrap. It is bare: it sees deleted records, counts no
   * versions and calls no validation.
   */
  readonly delegate: DelegateOf<Client, Model>;
  /** SQL on the same connection, in the caller's transaction. */
  protected readonly db: Database;

  /** The record with this id, or null. For a compound or otherwise named key, `id` is the unique `where`. */
  findById<Select = undefined, Include = undefined, Omitted = undefined>(
    id: IdOf<Client, Model>,
    shape?: ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findUnique', Select, Include, Omitted>>;

  /**
   * The record with this id.
   *
   * @throws {@link RecordNotFoundError} when there is none
   */
  getById<Select = undefined, Include = undefined, Omitted = undefined>(
    id: IdOf<Client, Model>,
    shape?: ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findUniqueOrThrow', Select, Include, Omitted>>;

  /**
   * The records with these ids, each at the place of its id: an id that is given twice is answered with two objects, one
   * without a record with null. One query up to 10,000 values, then one for each 10,000; ids whose texts the column may take
   * for equal, such as those of a citext, have one each.
   */
  findByIds<Select = undefined, Include = undefined, Omitted = undefined>(
    ids: readonly IdOf<Client, Model>[],
    shape?: ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findUnique', Select, Include, Omitted>[]>;

  /** The first record that matches, in the order of `orderBy`, or null. */
  findOne<Select = undefined, Include = undefined, Omitted = undefined>(
    args?: PlainArgs<Client, Model, 'findFirst'> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findFirst', Select, Include, Omitted>>;

  /**
   * The first record that matches.
   *
   * @throws {@link RecordNotFoundError} when there is none
   */
  getOne<Select = undefined, Include = undefined, Omitted = undefined>(
    args?: PlainArgs<Client, Model, 'findFirst'> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findFirstOrThrow', Select, Include, Omitted>>;

  /** All records that match; every one of the table without a `where`. */
  findMany<Select = undefined, Include = undefined, Omitted = undefined>(
    args?: PlainArgs<Client, Model, 'findMany'> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findMany', Select, Include, Omitted>>;

  /**
   * One page by keyset: `first` records after the cursor `after`, or the `last` ones before `before`.
   *
   * The records follow each other in `orderBy` and, within equal values, in the order of the primary key, so that every
   * record is on one page, whatever is written meanwhile outside of it. An index on the columns of the order makes every
   * page cost the same. A cursor holds good for this model, this order and the secret in `pagination.secret`; it can be
   * read by whoever has it.
   *
   * @throws {@link InvalidCursorError} for a cursor that was changed or is one of other pages
   * @throws {@link ValidationError} for a size out of range and for an order that a cursor cannot hold
   * @throws {@link InvalidOptionsError} for an argument that there is not, and a table without a key
   */
  paginate<Select = undefined, Include = undefined, Omitted = undefined, Total extends boolean = false>(
    args: PageArgs<Client, Model, Total> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<PageOf<ShapedResult<Client, Model, 'findMany', Select, Include, Omitted>[number], Total>>;

  /**
   * The page with a number, counted from 1. PostgreSQL reads all records before it, and a record that is created or
   * deleted meanwhile moves the others: for long lists {@link Repository.paginate} is the better choice.
   *
   * @throws {@link ValidationError} for a number or a size out of range
   */
  paginateByOffset<
    Select = undefined,
    Include = undefined,
    Omitted = undefined,
    Total extends boolean = true,
  >(
    args: OffsetPageArgs<Client, Model, Total> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<OffsetPageOf<ShapedResult<Client, Model, 'findMany', Select, Include, Omitted>[number], Total>>;

  /** Creates one record, with nested ones where the data say so. */
  create<Select = undefined, Include = undefined, Omitted = undefined>(
    args: CreateArgs<Client, Model, Traits> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'create', Select, Include, Omitted>>;

  /** Creates many records and says how many; without those that exist already where `skipDuplicates` is given. */
  createMany(
    args: CreateManyArgs<Client, Model, Traits>,
  ): Promise<ResultOf<Client, Model, object, 'createMany'>>;

  /**
   * Changes the one record that `where` names.
   *
   * @throws {@link RecordNotFoundError} when there is none
   * @throws {@link StaleVersionError} when it has another version than `where` expects (option `version`)
   */
  update<Select = undefined, Include = undefined, Omitted = undefined>(
    args: UpdateArgs<Client, Model, Traits> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'update', Select, Include, Omitted>>;

  /** Changes all records that match and says how many. Without a condition it takes `all: true`. */
  updateMany(
    args: UpdateManyArgs<Client, Model, Traits>,
  ): Promise<ResultOf<Client, Model, object, 'updateMany'>>;

  /**
   * Changes the record that `where` names, or creates it. With versions it counts the change and compares nothing: it
   * says what has to be there, whatever was there before.
   *
   * @throws {@link UniqueViolationError} when a deleted record holds the unique values (option `softDelete`)
   */
  upsert<Select = undefined, Include = undefined, Omitted = undefined>(
    args: UpsertArgs<Client, Model, Traits> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'upsert', Select, Include, Omitted>>;

  /**
   * Deletes the one record that `where` names and returns it; with soft delete it is marked instead.
   *
   * @throws {@link RecordNotFoundError} when there is none
   * @throws {@link StaleVersionError} when it has another version than `where` expects (option `version`)
   */
  delete<Select = undefined, Include = undefined, Omitted = undefined>(
    args: DeleteArgs<Client, Model, Traits> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'delete', Select, Include, Omitted>>;

  /** Deletes all records that match and says how many. Without a condition it takes `all: true`. */
  deleteMany(args: DeleteManyArgs<Client, Model>): Promise<ResultOf<Client, Model, object, 'deleteMany'>>;

  /** How many records match; with `select`, the counts by field. */
  count<Select = true>(
    args?: Omit<ArgsOf<Client, Model, 'count'>, 'select'> & {
      readonly select?: Select &
        ArgsOf<Client, Model, 'count'>['select'] &
        KnownKeys<Select, ArgsOf<Client, Model, 'count'>['select']>;
    },
  ): Promise<ResultOf<Client, Model, { select: Select }, 'count'>>;

  /** Whether any record matches. */
  exists(args?: Pick<ArgsOf<Client, Model, 'findFirst'>, 'where'>): Promise<boolean>;

  /** Counts, sums, averages and extremes of the records that match. */
  aggregate<Args extends ArgsOf<Client, Model, 'aggregate'>>(
    args: Exact<Args, ArgsOf<Client, Model, 'aggregate'>>,
  ): Promise<ResultOf<Client, Model, Args, 'aggregate'>>;

  /** The same for each group of equal values. */
  groupBy<Args extends ArgsOf<Client, Model, 'groupBy'>>(
    args: Exact<Args, ArgsOf<Client, Model, 'groupBy'>>,
  ): Promise<ResultOf<Client, Model, Args, 'groupBy'>>;

  /**
   * The record with this id, or null, as {@link Repository.findById}; but the calls of one tick, and of the promises it
   * settles, become one statement, so that a `load` for each item of a list is no N+1. A lone call is sent at once; while
   * statements are under way, the calls of other requests gather for the next one.
   *
   * Calls share a statement only within one model of one connection, one transaction, one shape and one
   * {@link Repository.loadBoundary}. Every caller gets objects of its own, and nothing is kept beyond the statement.
   *
   * @throws {@link OverloadedError} when 20 000 calls wait already
   */
  load<Select = undefined, Include = undefined, Omitted = undefined>(
    id: IdOf<Client, Model>,
    shape?: ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findUnique', Select, Include, Omitted>>;

  /** {@link Repository.load} for each id, in the order of the ids; null where there is no record. */
  loadMany<Select = undefined, Include = undefined, Omitted = undefined>(
    ids: readonly IdOf<Client, Model>[],
    shape?: ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findUnique', Select, Include, Omitted>[]>;

  /** {@link Repository.load} by another unique key: `loadBy('email', email)`. */
  loadBy<
    Key extends UniqueKeyOf<Client, Model>,
    Select = undefined,
    Include = undefined,
    Omitted = undefined,
  >(
    key: Key,
    value: UniqueKeyValue<Client, Model, Key>,
    shape?: ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findUnique', Select, Include, Omitted>>;

  /**
   * All records whose column has this value, such as the items of an order: `loadAllBy('orderId', order.id)`. Calls become
   * one statement as with {@link Repository.load}. There is no limit on the records of each key: for pages of them use
   * `paginate`.
   *
   * @throws {@link InvalidOptionsError} for `take`, `skip`, `cursor` and whatever else would cut off the records of all
   *   callers together
   */
  loadAllBy<
    Key extends keyof ColumnsOf<Client, Model> & string,
    Select = undefined,
    Include = undefined,
    Omitted = undefined,
  >(
    field: Key,
    value: NonNullable<ColumnsOf<Client, Model>[Key]>,
    args?: LoadAllArgs<Client, Model> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'findMany', Select, Include, Omitted>>;

  /**
   * Writes many records with few statements, which carry a list for each column: several times as fast as `createMany`, and
   * never more parameters than a statement can carry. All of them are written, or none; it joins the caller's transaction.
   *
   * A column that a row leaves out gets its default, be it one of the database or `now()`, `uuid()` or `@updatedAt` of
   * Prisma's client; `cuid()`, `nanoid()` and `ulid()` have to be given. Extensions of the client that
   * look at writes of the model are not asked, and so `bypassExtensions: true` has to say that the rows need nothing of them. The
   * transaction that several statements share has the time limit of any other: run more than it can hold in one of your own.
   *
   * @throws {@link ValidationError} which names rows and fields that cannot be written; nothing is sent
   * @throws {@link InvalidOptionsError} for an unknown column in `returning`, and for extensions that would be bypassed
   */
  bulkInsert<Field extends keyof ColumnsOf<Client, Model> & string = never>(
    rows: readonly Filled<BulkRow<Client, Model>, Traits>[],
    options?: BulkInsertOptions<Field>,
  ): Promise<BulkInsertResult<Pick<ColumnsOf<Client, Model>, Field>>>;

  /**
   * The same for records of which some are there already: those get the new values of the columns in `update`.
   *
   * The records are written in the order of their keys, so that two of these calls cannot deadlock on one chunk's rows.
   *
   * @throws {@link InvalidOptionsError} when `on` is no unique key, `update` names what cannot be changed, and for extensions
   *   that would be bypassed
   * @throws {@link ValidationError} which names rows and fields that cannot be written, or says that two records have the
   *   same key; nothing is written
   */
  bulkUpsert(
    rows: readonly Filled<BulkRow<Client, Model>, Traits>[],
    options: BulkUpsertOptions<Client, Model>,
  ): Promise<BulkUpsertResult>;

  /**
   * To override where answers depend on who asks, such as with an extension of the client that adds the caller's tenant to
   * every query: callers with different texts never share a statement of {@link Repository.load}. Null says that nothing
   * separates callers. While it is not overridden (undefined), a client with extensions sends every `load` on its own.
   */
  loadBoundary(): string | null | undefined;

  /**
   * Override it to check the data of `create`, `createMany` and `upsert` before they are sent, once for each record.
   * Throw a {@link ValidationError} with the paths of the fields; `ValidationError.of` makes one of a list. It returns
   * nothing: what is to be stored is what the caller gave.
   *
   * Nested writes and the delegate do not call it.
   */
  protected validateCreateData(data: CreateData<Client, Model, Traits>): void | Promise<void>;

  /** The same for the data of `update`, `updateMany` and `upsert`. */
  protected validateUpdateData(data: UpdateData<Client, Model, Traits>): void | Promise<void>;
}

/**
 * What a repository with the option `softDelete` can do besides.
 *
 * @public
 */
export interface SoftDeletion<Client, Model extends string, Traits extends RepositoryTraits> {
  /**
   * The same repository for all records, the deleted ones included; without the methods of the subclass, and with its
   * validation. In it, `delete` still marks, and `hardDelete` removes for good.
   */
  withDeleted(): Repository<Client, Model, Traits> & SoftDeletion<Client, Model, Traits>;

  /** The same for the deleted records alone. */
  onlyDeleted(): Repository<Client, Model, Traits> & SoftDeletion<Client, Model, Traits>;

  /**
   * Takes the mark off the one deleted record that `where` names. With versions, `where` may say which one was read.
   *
   * @throws {@link RecordNotFoundError} when there is no such record, or it is not deleted
   * @throws {@link StaleVersionError} when it has another version than `where` expects
   */
  restore<Select = undefined, Include = undefined, Omitted = undefined>(
    args: PlainArgs<Client, Model, 'delete'> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'update', Select, Include, Omitted>>;

  /**
   * Removes the row of the one record that `where` names: a living one here, a deleted one in `onlyDeleted()`, either in
   * `withDeleted()`.
   *
   * @throws {@link RecordNotFoundError} when there is none
   * @throws {@link StaleVersionError} when it has another version than `where` expects
   */
  hardDelete<Select = undefined, Include = undefined, Omitted = undefined>(
    args: DeleteArgs<Client, Model, Traits> & ShapeOf<Client, Model, Select, Include, Omitted>,
  ): Promise<ShapedResult<Client, Model, 'delete', Select, Include, Omitted>>;

  /** Removes the rows of all records that match and says how many. Without a condition it takes `all: true`. */
  hardDeleteMany(args: DeleteManyArgs<Client, Model>): Promise<ResultOf<Client, Model, object, 'deleteMany'>>;
}

/**
 * Which records {@link Repository.loadAllBy} wants, and in which order.
 *
 * @public
 */
export type LoadAllArgs<Client, Model extends string> = Pick<
  ArgsOf<Client, Model, 'findMany'>,
  'where' | 'orderBy'
>;

/**
 * A class to extend.
 *
 * @public
 */
export type RepositoryClass<
  Client,
  Model extends string,
  Traits extends RepositoryTraits = NoTraits,
> = new () => Traits['softDelete'] extends string
  ? Repository<Client, Model, Traits> & SoftDeletion<Client, Model, Traits>
  : Repository<Client, Model, Traits>;

/**
 * The registered client's delegate names.
 *
 * @public
 */
export type RegisteredModel = ModelOf<RegisteredClient>;

import type {
  ArgsOf,
  DelegateOf,
  Exact,
  IdOf,
  ModelOf,
  ResultOf,
  ColumnsOf,
  ShapeOf,
  UniqueKeyOf,
  UniqueKeyValue,
} from '../client/model-types.js';
import type { RegisteredClient } from '../client/database-register.js';

/**
 * What every repository of a model can do. Results follow `select`, `include` and `omit`; unknown keys are refused
 * at every depth of the arguments.
 *
 * `undefined` never widens a filter: as an id, inside a `where` or in place of one, in the filters of relations and of
 * nested writes it is refused with a {@link ValidationError} that names the path, before anything is sent. To leave a
 * condition out, leave its key out, or say so with `Prisma.skip` where the client has it.
 *
 * All of it joins the transaction the caller runs in.
 *
 * @public
 */
export interface Repository<Client, Model extends string> {
  /** The model's delegate name. */
  readonly model: Model;
  /** Prisma's typed delegate, for everything the repository does not wrap. */
  readonly delegate: DelegateOf<Client, Model>;

  /** The record with this id, or null. For a compound or otherwise named key, `id` is the unique `where`. */
  findById<Args extends ShapeOf<Client, Model>>(
    id: IdOf<Client, Model>,
    shape?: Exact<Args, ShapeOf<Client, Model>>,
  ): Promise<ResultOf<Client, Model, Args, 'findUnique'>>;

  /**
   * The record with this id.
   *
   * @throws {@link RecordNotFoundError} when there is none
   */
  getById<Args extends ShapeOf<Client, Model>>(
    id: IdOf<Client, Model>,
    shape?: Exact<Args, ShapeOf<Client, Model>>,
  ): Promise<ResultOf<Client, Model, Args, 'findUniqueOrThrow'>>;

  /** All records that match; every one of the table without a `where`. */
  findMany<Args extends ArgsOf<Client, Model, 'findMany'>>(
    args?: Exact<Args, ArgsOf<Client, Model, 'findMany'>>,
  ): Promise<ResultOf<Client, Model, Args, 'findMany'>>;

  /** Creates one record, with nested ones where the data say so. */
  create<Args extends ArgsOf<Client, Model, 'create'>>(
    args: Exact<Args, ArgsOf<Client, Model, 'create'>>,
  ): Promise<ResultOf<Client, Model, Args, 'create'>>;

  /**
   * Changes the one record that `where` names.
   *
   * @throws {@link RecordNotFoundError} when there is none
   */
  update<Args extends ArgsOf<Client, Model, 'update'>>(
    args: Exact<Args, ArgsOf<Client, Model, 'update'>>,
  ): Promise<ResultOf<Client, Model, Args, 'update'>>;

  /**
   * Deletes the one record that `where` names and returns it.
   *
   * @throws {@link RecordNotFoundError} when there is none
   */
  delete<Args extends ArgsOf<Client, Model, 'delete'>>(
    args: Exact<Args, ArgsOf<Client, Model, 'delete'>>,
  ): Promise<ResultOf<Client, Model, Args, 'delete'>>;

  /** How many records match; with `select`, the counts by field. */
  count<Args extends ArgsOf<Client, Model, 'count'>>(
    args?: Exact<Args, ArgsOf<Client, Model, 'count'>>,
  ): Promise<ResultOf<Client, Model, Args, 'count'>>;

  /**
   * The record with this id, or null, as {@link Repository.findById}; but the calls of one turn of the event loop become
   * one statement, so that a `load` for each item of a list is no N+1.
   *
   * Calls share a statement only within one model of one connection, one transaction, one shape and one
   * {@link Repository.loadBoundary}. Every caller gets objects of its own, and nothing is kept beyond the statement.
   *
   * @throws {@link OverloadedError} when 20 000 calls wait already
   */
  load<Args extends ShapeOf<Client, Model>>(
    id: IdOf<Client, Model>,
    shape?: Exact<Args, ShapeOf<Client, Model>>,
  ): Promise<ResultOf<Client, Model, Args, 'findUnique'>>;

  /** {@link Repository.load} for each id, in the order of the ids; null where there is no record. */
  loadMany<Args extends ShapeOf<Client, Model>>(
    ids: readonly IdOf<Client, Model>[],
    shape?: Exact<Args, ShapeOf<Client, Model>>,
  ): Promise<ResultOf<Client, Model, Args, 'findUnique'>[]>;

  /** {@link Repository.load} by another unique key: `loadBy('email', email)`. */
  loadBy<Key extends UniqueKeyOf<Client, Model>, Args extends ShapeOf<Client, Model>>(
    key: Key,
    value: UniqueKeyValue<Client, Model, Key>,
    shape?: Exact<Args, ShapeOf<Client, Model>>,
  ): Promise<ResultOf<Client, Model, Args, 'findUnique'>>;

  /**
   * All records whose column has this value, such as the items of an order: `loadAllBy('orderId', order.id)`. Calls become
   * one statement as with {@link Repository.load}. There is no limit on the records of each key: for pages of them use
   * `paginate`.
   */
  loadAllBy<Key extends keyof ColumnsOf<Client, Model> & string, Args extends LoadAllArgs<Client, Model>>(
    field: Key,
    value: NonNullable<ColumnsOf<Client, Model>[Key]>,
    args?: Exact<Args, LoadAllArgs<Client, Model>>,
  ): Promise<ResultOf<Client, Model, Args, 'findMany'>>;

  /**
   * To override where answers depend on who asks, such as with an extension of the client that adds the caller's tenant to
   * every query: callers with different texts never share a statement of {@link Repository.load}. Null says that nothing
   * separates callers. While it is not overridden (undefined), a client with extensions sends every `load` on its own.
   */
  loadBoundary(): string | null | undefined;
}

/**
 * How the records of {@link Repository.loadAllBy} look, which of them are wanted, and in which order.
 *
 * @public
 */
export type LoadAllArgs<Client, Model extends string> = Pick<
  ArgsOf<Client, Model, 'findMany'>,
  Extract<keyof ArgsOf<Client, Model, 'findMany'>, 'select' | 'include' | 'omit' | 'where' | 'orderBy'>
>;

/**
 * A class to extend.
 *
 * @public
 */
export type RepositoryClass<Client, Model extends string> = new () => Repository<Client, Model>;

/**
 * The registered client's delegate names.
 *
 * @public
 */
export type RegisteredModel = ModelOf<RegisteredClient>;

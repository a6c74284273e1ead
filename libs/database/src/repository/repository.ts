import type { ArgsOf, DelegateOf, Exact, IdOf, ModelOf, ResultOf, ShapeOf } from '../client/model-types.js';
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
}

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

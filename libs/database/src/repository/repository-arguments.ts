import type { ArgsOf, PlainArgs } from '../client/model-types.js';
import type { RepositoryTraits } from './repository-traits.js';

/**
 * The version that the caller has read has to stand in `where`.
 *
 * @internal
 */
export type ExpectedVersion<Traits extends RepositoryTraits> = Traits['version'] extends string
  ? { readonly where: { readonly [Field in Traits['version']]: number } }
  : unknown;

/**
 * The version is counted by the repository alone.
 *
 * @internal
 */
export type WithoutVersion<Data, Traits extends RepositoryTraits> = Traits['version'] extends string
  ? Data & { readonly [Field in Traits['version']]?: never }
  : Data;

/**
 * The fields that the repository fills may be left out.
 *
 * @internal
 */
export type Filled<Data, Traits extends RepositoryTraits> = Traits['timestamps'] extends string
  ? Data extends unknown
    ? Omit<Data, Traits['timestamps']> & Partial<Pick<Data, Traits['timestamps'] & keyof Data>>
    : never
  : Data;

/**
 * One record, or a list of them as `createMany` takes it.
 *
 * @internal
 */
export type FilledMany<Data, Traits extends RepositoryTraits> = Traits['timestamps'] extends string
  ? Data extends readonly (infer Each)[]
    ? Filled<Each, Traits>[]
    : Filled<Data, Traits>
  : Data;

/**
 * The data of a new record.
 *
 * @public
 */
export type CreateData<Client, Model extends string, Traits extends RepositoryTraits> = Filled<
  ArgsOf<Client, Model, 'create'>['data'],
  Traits
>;

/**
 * The data of a change.
 *
 * @public
 */
export type UpdateData<Client, Model extends string, Traits extends RepositoryTraits> = WithoutVersion<
  ArgsOf<Client, Model, 'update'>['data'],
  Traits
>;

/**
 * What `create` takes, apart from the shape of the result.
 *
 * @public
 */
export type CreateArgs<
  Client,
  Model extends string,
  Traits extends RepositoryTraits,
> = Traits['timestamps'] extends string
  ? Omit<PlainArgs<Client, Model, 'create'>, 'data'> & { readonly data: CreateData<Client, Model, Traits> }
  : PlainArgs<Client, Model, 'create'>;

/**
 * What `createMany` takes.
 *
 * @public
 */
export type CreateManyArgs<
  Client,
  Model extends string,
  Traits extends RepositoryTraits,
> = Traits['timestamps'] extends string
  ? Omit<ArgsOf<Client, Model, 'createMany'>, 'data'> & {
      readonly data: FilledMany<ArgsOf<Client, Model, 'createMany'>['data'], Traits>;
    }
  : ArgsOf<Client, Model, 'createMany'>;

/**
 * What `update` takes, apart from the shape of the result. With versions, `where` has to say which one was read.
 *
 * @public
 */
export type UpdateArgs<
  Client,
  Model extends string,
  Traits extends RepositoryTraits,
> = Traits['version'] extends string
  ? Omit<PlainArgs<Client, Model, 'update'>, 'data'> &
      ExpectedVersion<Traits> & { readonly data: UpdateData<Client, Model, Traits> }
  : PlainArgs<Client, Model, 'update'>;

/**
 * What `upsert` takes, apart from the shape of the result.
 *
 * @public
 */
export type UpsertArgs<Client, Model extends string, Traits extends RepositoryTraits> = Traits extends {
  readonly version: undefined;
  readonly timestamps: undefined;
}
  ? PlainArgs<Client, Model, 'upsert'>
  : Omit<PlainArgs<Client, Model, 'upsert'>, 'create' | 'update'> & {
      readonly where: WithoutVersion<unknown, Traits>;
      readonly create: Filled<ArgsOf<Client, Model, 'upsert'>['create'], Traits>;
      readonly update: WithoutVersion<ArgsOf<Client, Model, 'upsert'>['update'], Traits>;
    };

/**
 * What `delete` takes, apart from the shape of the result. With versions, `where` has to say which one was read.
 *
 * @public
 */
export type DeleteArgs<Client, Model extends string, Traits extends RepositoryTraits> = PlainArgs<
  Client,
  Model,
  'delete'
> &
  ExpectedVersion<Traits>;

/**
 * Which records a bulk write is about: those that match a condition that is not empty, or, said in as many words, all.
 *
 * @public
 */
export type BulkTarget<Client, Model extends string> =
  | { readonly where: NonNullable<ArgsOf<Client, Model, 'deleteMany'>['where']>; readonly all?: never }
  | { readonly all: true; readonly where?: never };

/**
 * What `updateMany` takes.
 *
 * @public
 */
export type UpdateManyArgs<Client, Model extends string, Traits extends RepositoryTraits> = Omit<
  ArgsOf<Client, Model, 'updateMany'>,
  'where' | 'data'
> & {
  readonly data: WithoutVersion<ArgsOf<Client, Model, 'updateMany'>['data'], Traits>;
} & BulkTarget<Client, Model>;

/**
 * What `deleteMany` takes.
 *
 * @public
 */
export type DeleteManyArgs<Client, Model extends string> = Omit<
  ArgsOf<Client, Model, 'deleteMany'>,
  'where'
> &
  BulkTarget<Client, Model>;

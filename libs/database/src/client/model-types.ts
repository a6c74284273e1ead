import type { Types } from '@prisma/client/runtime/client';

/* eslint-disable @typescript-eslint/no-explicit-any -- these types read shapes that Prisma generates per schema */

/**
 * The operations of a model's delegate.
 *
 * @public
 */
export type Operation = Types.Public.Operation;

/**
 * The delegate names of a client: `'user' | 'order' | …`; `string` while no client is registered.
 *
 * @public
 */
export type ModelOf<Client> = 0 extends 1 & Client
  ? string
  : {
      [Key in keyof Client & string]: Key extends `$${string}`
        ? never
        : Client[Key] extends { findMany: unknown }
          ? Key
          : never;
    }[keyof Client & string];

/**
 * The typed delegate of a model.
 *
 * @public
 */
export type DelegateOf<Client, Model extends string> = Model extends keyof Client ? Client[Model] : any;

/**
 * The function type by which a generated client carries its type map.
 *
 * @internal
 */
export type TypeMapCallback = Types.Utils.Fn<{ extArgs: Types.Extensions.InternalArgs }, Record<any, any>>;

/**
 * The fields that `new PrismaClient({ omit })` leaves out, as the client's type carries them.
 *
 * @public
 */
export type GlobalOmitOf<Client> = Client extends {
  $extends: Types.Extensions.ExtendsHook<
    'extends',
    infer Callback extends TypeMapCallback,
    infer Extension,
    any
  >;
}
  ? Types.Utils.Call<Callback, { extArgs: Extension }> extends { globalOmitOptions: infer Omitted }
    ? Omitted
    : object
  : object;

/**
 * Prisma's own types of a model.
 *
 * @internal
 */
export interface PrismaModelTypes {
  /** By operation. */
  readonly operations: any;
  /** The fields. */
  readonly payload: any;
}

/**
 * What Prisma keeps on a delegate about its model. It is looked up once for each model: `Types.Public.Args` compares the
 * whole delegate again for every operation.
 *
 * @internal
 */
export type ModelTypesOf<Client, Model extends string> =
  DelegateOf<Client, Model> extends {
    readonly [Each: symbol]: { types: infer ModelTypes extends PrismaModelTypes };
  }
    ? ModelTypes
    : any;

/**
 * The arguments of an operation on a model.
 *
 * @public
 */
export type ArgsOf<Client, Model extends string, Op extends Operation> = ModelTypesOf<
  Client,
  Model
>['operations'][Op]['args'];

/**
 * The result of an operation on a model; follows `select`, `include` and `omit` of the arguments.
 *
 * @public
 */
export type ResultOf<Client, Model extends string, Args, Op extends Operation> = Types.Result.GetResult<
  ModelTypesOf<Client, Model>['payload'],
  Args,
  Op,
  GlobalOmitOf<Client>
>;

/**
 * Refuses unknown keys at every depth of values that have no literal type of their own; dear to the compiler, so it is
 * used where a method is seldom called.
 *
 * @public
 */
export type Exact<Args, Wanted> = Types.Public.Exact<Args, Wanted>;

/**
 * What identifies one record of a model.
 *
 * @internal
 */
export type UniqueWhere<Client, Model extends string> = ArgsOf<Client, Model, 'findUniqueOrThrow'>['where'];

/**
 * The value of a field called `id`; for other and compound keys the unique `where` itself.
 *
 * @public
 */
export type IdOf<Client, Model extends string> = 'id' extends keyof UniqueWhere<Client, Model>
  ? NonNullable<UniqueWhere<Client, Model>['id']>
  : UniqueWhere<Client, Model>;

/**
 * The keys of any member of a union.
 *
 * @internal
 */
export type KeyOfAny<Union> = Union extends unknown ? keyof Union : never;

/**
 * What the members of a union hold under a key.
 *
 * @internal
 */
export type ValueOfAny<Union, Key> = Union extends { [Each in Key & string]?: infer Value } ? Value : never;

/**
 * `never` for every key, at every depth, that `Wanted` does not have.
 *
 * @internal
 */
export type KnownKeys<Given, Wanted> = Given extends object
  ? {
      [Key in keyof Given]: Key extends KeyOfAny<Wanted>
        ? Given[Key] extends object
          ? KnownKeys<Given[Key], ValueOfAny<Wanted, Key>>
          : unknown
        : never;
    }
  : unknown;

/**
 * The arguments that name one record.
 *
 * @internal
 */
export type UniqueArgs<Client, Model extends string> = ArgsOf<Client, Model, 'findUniqueOrThrow'>;

/**
 * What `select` of a model may hold.
 *
 * @public
 */
export type SelectOf<Client, Model extends string> =
  UniqueArgs<Client, Model> extends { select?: infer Select } ? NonNullable<Select> : undefined;

/**
 * What `include` of a model may hold; nothing for a model without relations.
 *
 * @public
 */
export type IncludeOf<Client, Model extends string> =
  UniqueArgs<Client, Model> extends { include?: infer Include } ? NonNullable<Include> : undefined;

/**
 * What `omit` of a model may hold.
 *
 * @public
 */
export type OmitOf<Client, Model extends string> =
  UniqueArgs<Client, Model> extends { omit?: infer Omitted } ? NonNullable<Omitted> : undefined;

/**
 * What stands for a key that is not given.
 *
 * @internal
 */
export type Nothing = null | undefined;
/**
 * Says what is wrong when both are given.
 *
 * @internal
 */
export type NotBeside<Select, Problem> = Select extends object ? Problem : unknown;

/**
 * The part of the arguments that shapes the result: `select`, `include`, `omit`. Only these three are inferred; unknown
 * keys in them are refused at every depth. `where`, `data` and `orderBy` are plain types, in which the compiler refuses
 * unknown keys of an object literal at every depth by itself. That is what keeps a repository as cheap to compile as
 * Prisma's own methods (`npm run check:types`).
 *
 * @public
 */
export interface ShapeOf<Client, Model extends string, Select, Include, Omitted> {
  /** The fields and relations of the result. */
  readonly select?: Select & (SelectOf<Client, Model> | Nothing) & KnownKeys<Select, SelectOf<Client, Model>>;
  /** Relations beside all fields. */
  readonly include?: Include &
    (IncludeOf<Client, Model> | Nothing) &
    KnownKeys<Include, IncludeOf<Client, Model>> &
    NotBeside<Select, 'Choose either `select` or `include`.'>;
  /** Fields to leave out. */
  readonly omit?: Omitted &
    (OmitOf<Client, Model> | Nothing) &
    KnownKeys<Omitted, OmitOf<Client, Model>> &
    NotBeside<Select, 'Choose either `select` or `omit`.'>;
}

/**
 * The arguments of an operation without those that shape the result.
 *
 * @public
 */
export type PlainArgs<Client, Model extends string, Op extends Operation> = Omit<
  ArgsOf<Client, Model, Op>,
  'select' | 'include' | 'omit'
>;

/**
 * The keys that name at most one record by themselves: unique fields, and the names of compound keys.
 *
 * @public
 */
export type UniqueKeyOf<Client, Model extends string> = 0 extends 1 & UniqueWhere<Client, Model>
  ? string
  : {
      [Key in keyof UniqueWhere<Client, Model> & string]: {
        readonly [Each in Key]: NonNullable<UniqueWhere<Client, Model>[Each]>;
      } extends UniqueWhere<Client, Model>
        ? Key
        : never;
    }[keyof UniqueWhere<Client, Model> & string];

/**
 * What a unique key is looked up by: a value, or the parts of a compound key.
 *
 * @public
 */
export type UniqueKeyValue<Client, Model extends string, Key extends string> = NonNullable<
  (UniqueWhere<Client, Model> & Record<Key, unknown>)[Key]
>;

/**
 * The columns of a model with their types; relations are not among them.
 *
 * @public
 */
export type ColumnsOf<Client, Model extends string> = ModelTypesOf<Client, Model>['payload']['scalars'];

/**
 * Without the keys that nobody gave: Prisma takes a key for given even when it holds undefined.
 *
 * @internal
 */
export type GivenShape<Select, Include, Omitted> = [Select] extends [object]
  ? { select: Select }
  : ([Include] extends [object] ? { include: Include } : unknown) &
      ([Omitted] extends [object] ? { omit: Omitted } : unknown);

/**
 * The result of an operation in the shape that was asked for.
 *
 * @public
 */
export type ShapedResult<
  Client,
  Model extends string,
  Op extends Operation,
  Select,
  Include,
  Omitted,
> = ResultOf<Client, Model, GivenShape<Select, Include, Omitted>, Op>;

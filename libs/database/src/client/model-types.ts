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
 * The arguments of an operation on a model.
 *
 * @public
 */
export type ArgsOf<Client, Model extends string, Op extends Operation> = Types.Public.Args<
  DelegateOf<Client, Model>,
  Op
>;

/**
 * The result of an operation on a model; follows `select`, `include` and `omit` of the arguments.
 *
 * @public
 */
export type ResultOf<Client, Model extends string, Args, Op extends Operation> = Types.Result.GetResult<
  Types.Public.Payload<DelegateOf<Client, Model>>,
  Args,
  Op,
  GlobalOmitOf<Client>
>;

/**
 * Refuses unknown keys at every depth (the generated client does so only at the first) and contradictory shapes.
 *
 * @public
 */
export type Exact<Args, Wanted> = Types.Public.Exact<Args, Wanted> &
  (Args extends { select: object; include: object } ? 'Choose either `select` or `include`.' : unknown) &
  (Args extends { select: object; omit: object } ? 'Choose either `select` or `omit`.' : unknown);

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
 * The part of the arguments that shapes the result: `select`, `include`, `omit`.
 *
 * @public
 */
export type ShapeOf<Client, Model extends string> = Pick<
  ArgsOf<Client, Model, 'findUniqueOrThrow'>,
  Extract<keyof ArgsOf<Client, Model, 'findUniqueOrThrow'>, 'select' | 'include' | 'omit'>
>;

/**
 * The keys that name at most one record by themselves: unique fields, and the names of compound keys.
 *
 * @public
 */
export type UniqueKeyOf<Client, Model extends string> = 0 extends 1 & UniqueWhere<Client, Model>
  ? string
  : {
      [Key in keyof UniqueWhere<Client, Model> & string]: Readonly<
        Record<Key, NonNullable<UniqueWhere<Client, Model>[Key]>>
      > extends UniqueWhere<Client, Model>
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
export type ColumnsOf<Client, Model extends string> = Types.Public.Payload<
  DelegateOf<Client, Model>
>['scalars'];

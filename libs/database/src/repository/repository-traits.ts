import type { ColumnsOf } from '../client/model-types.js';

/**
 * The scalar fields whose type fits; any name while no client is registered.
 *
 * @internal
 */
export type FieldsOf<Client, Model extends string, Wanted> = 0 extends 1 & ColumnsOf<Client, Model>
  ? string
  : {
      [Field in keyof ColumnsOf<Client, Model> & string]: [Wanted] extends [ColumnsOf<Client, Model>[Field]]
        ? NonNullable<ColumnsOf<Client, Model>[Field]> extends NonNullable<Wanted>
          ? Field
          : never
        : never;
    }[keyof ColumnsOf<Client, Model> & string];

/**
 * The name of a field, or `true` for the usual one.
 *
 * @internal
 */
export type Choice<Default extends string, Fields extends string> =
  { readonly field: Fields } | (Default extends Fields ? true : never);

/**
 * `true` for the field `deletedAt`, or the name of another one; it has to be a `DateTime?`.
 *
 * @public
 */
export type SoftDeleteOption<Client, Model extends string> = Choice<
  'deletedAt',
  FieldsOf<Client, Model, Date | null>
>;

/**
 * `true` for the field `version`, or the name of another one; it has to be an `Int`.
 *
 * @public
 */
export type VersionOption<Client, Model extends string> = Choice<'version', FieldsOf<Client, Model, number>>;

/**
 * A field that holds a time.
 *
 * @internal
 */
export type DateField<Client, Model extends string> = FieldsOf<Client, Model, Date>;

/**
 * `true` for the fields `createdAt` and `updatedAt`, or the names of others, one or both; they have to be a `DateTime`.
 * For fields that Prisma does not fill itself, which is those without `@default(now())` and `@updatedAt`.
 *
 * @public
 */
export type TimestampsOption<Client, Model extends string> =
  | { readonly createdAt: DateField<Client, Model>; readonly updatedAt?: DateField<Client, Model> }
  | { readonly createdAt?: DateField<Client, Model>; readonly updatedAt: DateField<Client, Model> }
  | ('createdAt' | 'updatedAt' extends DateField<Client, Model> ? true : never);

/**
 * What a repository does by itself, as the types of its methods see it.
 *
 * @public
 */
export interface RepositoryTraits {
  /** The field that marks deleted records; undefined without soft delete. */
  readonly softDelete: string | undefined;
  /** The field that counts the changes; undefined without versions. */
  readonly version: string | undefined;
  /** The fields that are filled with the time of creation and of the last change. */
  readonly timestamps: string | undefined;
}

/**
 * A repository that does nothing by itself.
 *
 * @public
 */
export interface NoTraits extends RepositoryTraits {
  /** Deletes for good. */
  readonly softDelete: undefined;
  /** Counts no changes. */
  readonly version: undefined;
  /** Fills no times. */
  readonly timestamps: undefined;
}

/**
 * The field that an option stands for.
 *
 * @internal
 */
export type FieldOf<Option, Default extends string> = Option extends true
  ? Default
  : Option extends { readonly field: infer Field extends string }
    ? Field
    : undefined;

/**
 * The fields that an option stands for.
 *
 * @internal
 */
export type FilledBy<Option> = Option extends true
  ? 'createdAt' | 'updatedAt'
  : Option extends { readonly [Each in 'createdAt' | 'updatedAt']?: string }
    ? Option[keyof Option & ('createdAt' | 'updatedAt')] & string
    : undefined;

/**
 * The traits that the options of `RepositoryFor` stand for.
 *
 * @public
 */
export interface TraitsOf<SoftDelete, Version, Timestamps> extends RepositoryTraits {
  /** The field of the option `softDelete`. */
  readonly softDelete: FieldOf<SoftDelete, 'deletedAt'>;
  /** The field of the option `version`. */
  readonly version: FieldOf<Version, 'version'>;
  /** The fields of the option `timestamps`. */
  readonly timestamps: FilledBy<Timestamps>;
}

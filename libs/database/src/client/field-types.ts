import type { Decimal } from '@prisma/client/runtime/client';
import type { ModelTypesOf } from './model-types.js';

/**
 * The fields and relations of a model, as the generated client's types carry them.
 *
 * @public
 */
export type PayloadOf<Client, Model extends string> = ModelTypesOf<Client, Model>['payload'];

/**
 * The fields of a model that are no relations, with the types of their values.
 *
 * @public
 */
export type ScalarsOf<Payload> = Payload extends { scalars: infer Scalars } ? Scalars : never;

/**
 * The type of the field at the end of a path such as `category.slug`; never where the path leads nowhere.
 *
 * @public
 */
export type FieldAt<Payload, Path extends string> = Path extends `${infer Relation}.${infer Rest}`
  ? Payload extends { objects: infer Objects }
    ? Relation extends keyof Objects
      ? FieldAt<
          Objects[Relation] extends readonly (infer Each)[] ? Each : NonNullable<Objects[Relation]>,
          Rest
        >
      : never
    : never
  : Path extends keyof ScalarsOf<Payload>
    ? ScalarsOf<Payload>[Path]
    : never;

/**
 * What kind of value a field has: `never` for lists, JSON and bytes, which are no scalars to compare.
 *
 * @public
 */
export type KindOf<Value> = 0 extends 1 & Value
  ? 'text' | 'number' | 'flag' | 'choice'
  : [Value] extends [never]
    ? never
    : [Value] extends [boolean]
      ? 'flag'
      : [Value] extends [string]
        ? string extends Value
          ? 'text'
          : 'choice'
        : [Value] extends [number | bigint | Date | Decimal]
          ? 'number'
          : never;

import type { ArgsOf, ModelOf } from '../../client/model-types.js';
import type { FieldAt, KindOf, PayloadOf, ScalarsOf } from '../../client/field-types.js';
import type { ScalarRule } from './scalar-value.js';

/**
 * The comparisons that a query may ask for.
 *
 * `ne` and `notIn` leave out records whose field is null, as SQL does; `isNull` takes `true` or `false`. The texts of
 * `contains`, `startsWith` and `endsWith` stand for themselves, `%` and `_` included.
 *
 * @public
 */
export const QUERY_OPERATORS = [
  'eq', 'ne', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'endsWith', 'isNull',
] as const; // prettier-ignore

/**
 * A member of {@link QUERY_OPERATORS}.
 *
 * @public
 */
export type QueryOperator = (typeof QUERY_OPERATORS)[number];

/**
 * The comparisons that make sense for a field, by the type of its value.
 *
 * @public
 */
export type OperatorOf<Value> =
  | (KindOf<NonNullable<Value>> extends never
      ? never
      : | 'eq'
        | 'ne'
        | ('flag' extends KindOf<NonNullable<Value>> ? never : 'in' | 'notIn')
        | (null extends Value ? 'isNull' : never))
  | ('text' extends KindOf<NonNullable<Value>>
      ? 'lt' | 'lte' | 'gt' | 'gte' | 'contains' | 'startsWith' | 'endsWith'
      : never)
  | ('number' extends KindOf<NonNullable<Value>> ? 'lt' | 'lte' | 'gt' | 'gte' : never);

/**
 * What a query may ask of one field: the comparisons, or these with more to say.
 *
 * @public
 */
export type QueryFieldDefinition<Operator extends string> =
  | readonly Operator[]
  | {
      readonly operators: readonly Operator[];
      /**
       * Whether `contains`, `startsWith` and `endsWith` take `a` for `A`.
       *
       * @defaultValue false
       */
      readonly ignoreCase?: boolean;
      /**
       * How many characters a text may have.
       *
       * @defaultValue 255
       */
      readonly maxLength?: number;
    };

/**
 * The fields of a model that a result can be ordered by.
 *
 * @public
 */
export type SortableField<Payload> = {
  [Field in keyof ScalarsOf<Payload> & string]: KindOf<NonNullable<ScalarsOf<Payload>[Field]>> extends never
    ? never
    : Field;
}[keyof ScalarsOf<Payload> & string];

/**
 * What the users of one endpoint may ask: nothing that is not listed.
 *
 * @public
 */
export interface QueryDefinition<Payload, Filter> {
  /** The comparisons by field; the field of a related record as a path, such as `'category.slug'`. */
  readonly filter?: {
    readonly [Path in keyof Filter]: QueryFieldDefinition<OperatorOf<FieldAt<Payload, Path & string>>>;
  };
  /** The fields of the model itself that `sort` may name. Each should be part of an index. */
  readonly sort?: readonly SortableField<Payload>[];
  /** The order where the query asks for none: fields, with `-` in front for descending. */
  readonly defaultSort?: readonly (SortableField<Payload> | `-${SortableField<Payload>}`)[];
  /**
   * The largest page.
   *
   * @defaultValue 100
   */
  readonly maxFirst?: number;
  /**
   * The size of a page where the query does not say it.
   *
   * @defaultValue 20, or `maxFirst` where that is less
   */
  readonly defaultFirst?: number;
  /**
   * How many names a path of `filter` may have; a longer one is refused when the rules are defined.
   *
   * @defaultValue 3
   */
  readonly maxDepth?: number;
  /**
   * How many conditions one query may have.
   *
   * @defaultValue 20
   */
  readonly maxConditions?: number;
  /**
   * How many values one `in` or `notIn` may have.
   *
   * @defaultValue 100
   */
  readonly maxListItems?: number;
  /** Parameters beside these that the endpoint reads by itself; all others are refused. */
  readonly otherParameters?: readonly string[];
}

/**
 * The rules of one endpoint, checked against the model; made by `defineQuery`, read by `parseQuery`.
 *
 * @public
 */
export interface QueryRules<Where = unknown, OrderBy = unknown> {
  /** The model's delegate name. */
  readonly model: string;
  /**
   * Carries the types alone; there is no such property.
   *
   * @internal
   */
  readonly __types?: { readonly where: Where; readonly orderBy: OrderBy };
}

/**
 * The rules for a model of a client.
 *
 * @public
 */
export type QueryRulesOf<Client, Model extends string> = QueryRules<
  NonNullable<ArgsOf<Client, Model, 'findMany'>['where']>,
  Exclude<NonNullable<ArgsOf<Client, Model, 'findMany'>['orderBy']>, readonly unknown[]>
>;

/**
 * The delegates that a client has.
 *
 * @public
 */
export type QueryModelOf<Client> = ModelOf<Client>;

/**
 * The payload that a query definition is checked against.
 *
 * @public
 */
export type QueryPayloadOf<Client, Model extends string> = PayloadOf<Client, Model>;

/** One field of a path: the relations on the way, then the field. */
export interface FieldRule {
  readonly path: string;
  readonly relations: readonly { readonly name: string; readonly isList: boolean }[];
  readonly field: string;
  readonly operators: ReadonlySet<QueryOperator>;
  readonly value: ScalarRule;
  readonly ignoreCase: boolean;
}

/** The rules as `parseQuery` reads them. */
export interface CheckedQueryRules extends QueryRules {
  readonly filter: ReadonlyMap<string, FieldRule>;
  readonly sort: ReadonlySet<string>;
  readonly defaultSort: readonly string[];
  readonly maxFirst: number;
  readonly defaultFirst: number;
  readonly maxDepth: number;
  readonly maxConditions: number;
  readonly maxListItems: number;
  readonly otherParameters: ReadonlySet<string>;
}

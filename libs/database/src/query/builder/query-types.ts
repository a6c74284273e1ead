import type { Insertable, Selectable, SelectType, Updateable } from 'kysely';
import type { Sql } from '../sql.js';
import type { SqlExpression } from './expressions.js';
import type { Operator } from './operands.js';

/**
 * A table, with an alias if it is to have one: `'product'` or `'product as p'`.
 *
 * @public
 */
export type TableSource<Tables> = (keyof Tables & string) | `${keyof Tables & string} as ${string}`;

/**
 * The table that a source names.
 *
 * @public
 */
export type TableIn<Source extends string> = Source extends `${infer Table} as ${string}` ? Table : Source;

/**
 * The rows a query can name, by the name they have in it.
 *
 * @public
 */
export type ScopeOf<Tables, Source extends string> = {
  [
    Alias in Source extends `${string} as ${infer Given}` ? Given : Source
  ]: TableIn<Source> extends keyof Tables ? Tables[TableIn<Source>] : never;
};

/**
 * The rows of an outer join's other side, whose columns may all be null.
 *
 * @public
 */
export type NullableScope<Scope> = {
  [Alias in keyof Scope]: { [Column in keyof Scope[Alias]]: SelectType<Scope[Alias][Column]> | null };
};

/**
 * A column by its name, or by table and name.
 *
 * @public
 */
export type ColumnOf<Scope> = {
  [Alias in keyof Scope & string]: (keyof Scope[Alias] & string) | `${Alias}.${keyof Scope[Alias] & string}`;
}[keyof Scope & string];

/**
 * What a column holds.
 *
 * @public
 */
export type ColumnValue<Scope, Column extends string> = {
  [Alias in keyof Scope & string]: Column extends keyof Scope[Alias]
    ? SelectType<Scope[Alias][Column]>
    : Column extends `${Alias}.${infer Name}`
      ? Name extends keyof Scope[Alias]
        ? SelectType<Scope[Alias][Name]>
        : never
      : never;
}[keyof Scope & string];

/**
 * A column with an alias if it is to have one: `'name'`, `'p.name'` or `'p.name as product'`.
 *
 * @public
 */
export type Selection<Scope> = ColumnOf<Scope> | `${ColumnOf<Scope>} as ${string}`;

/**
 * The name under which the result holds a selected column.
 *
 * @public
 */
export type SelectedName<Selected extends string> = Selected extends `${string} as ${infer Alias}`
  ? Alias
  : Selected extends `${string}.${infer Rest}`
    ? SelectedName<Rest>
    : Selected;

/**
 * The part of a result that columns give.
 *
 * @public
 */
export type SelectedColumns<Scope, Selected extends string> = {
  [One in Selected as SelectedName<One>]: ColumnValue<
    Scope,
    One extends `${infer Column} as ${string}` ? Column : One
  >;
};

/**
 * The part of a result that computed values give.
 *
 * @public
 */
export type ComputedColumns<Computed> = {
  [Name in keyof Computed]: Computed[Name] extends SqlExpression<infer Value> ? Value : never;
};

/**
 * A row: the selected columns, or all those of the table while none are selected.
 *
 * @public
 */
export type ResultRow<Scope, Chosen> = [Chosen] extends [undefined]
  ? {
      [Alias in keyof Scope]: { [Column in keyof Scope[Alias]]: SelectType<Scope[Alias][Column]> };
    }[keyof Scope]
  : { [Name in keyof Chosen]: Chosen[Name] };

/**
 * What more than one `select` has chosen together.
 *
 * @public
 */
export type Picked<Chosen, Added> = [Chosen] extends [undefined] ? Added : Chosen & Added;

/**
 * What a column can be compared with: a value of its type; decimal columns also take numbers and texts.
 *
 * @public
 */
export type Comparable<Value> = unknown extends Value
  ? unknown
  : Value extends bigint
    ? bigint | number
    : Value extends { toFixed(): string; toDecimalPlaces: unknown }
      ? Value | number | string
      : Value;

/**
 * What belongs on the right of an operator.
 *
 * @public
 */
export type Operand<Value, Op extends Operator> =
  | (Op extends 'in' | 'not in'
      ? readonly Comparable<NonNullable<Value>>[]
      : Op extends 'is' | 'is not'
        ? boolean | null
        : Op extends 'is distinct from' | 'is not distinct from'
          ? Comparable<NonNullable<Value>> | null
          : Op extends '@>' | '<@' | '&&'
            ? object
            : Op extends '=' | '!=' | '<>' | '<' | '<=' | '>' | '>='
              ? Comparable<NonNullable<Value>>
              : string)
  | SqlPiece;

/**
 * A piece of SQL of the caller's own: `db.sql`.
 *
 * @public
 */
export type SqlPiece = Sql<object> | SqlExpression<unknown>;

/**
 * A row to insert: columns with a default may be left out.
 *
 * @public
 */
export type InsertRow<Row> = OrPiece<string extends keyof Row ? Record<string, unknown> : Insertable<Row>>;

/**
 * The columns to change.
 *
 * @public
 */
export type UpdateRow<Row> = OrPiece<string extends keyof Row ? Record<string, unknown> : Updateable<Row>>;

/**
 * A row as a query gives it.
 *
 * @public
 */
export type SelectRow<Row> = string extends keyof Row ? Record<string, unknown> : Selectable<Row>;

/**
 * The same columns, each of which may be computed by the database instead.
 *
 * @public
 */
export type OrPiece<Values> = { [Column in keyof Values]: Values[Column] | SqlPiece };

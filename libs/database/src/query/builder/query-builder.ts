import type { StreamOptions } from '../row-stream.js';
import type { SqlIdentifier } from '../sql-identifier.js';
import type { Sql } from '../sql.js';
import type { SqlExpression } from './expressions.js';
import type { Operator } from './operands.js';
import type {
  Picked,
  ColumnOf,
  ColumnValue,
  ComputedColumns,
  InsertRow,
  NullableScope,
  Operand,
  ResultRow,
  ScopeOf,
  SelectedColumns,
  Selection,
  SelectRow,
  TableIn,
  TableSource,
  UpdateRow,
} from './query-types.js';

/** The text of a statement with `$1`, `$2`, … and the values that belong there. @public */
export interface CompiledSql {
  /** It never holds a value. */
  readonly sql: string;
  /** In the order of their numbers. */
  readonly values: readonly unknown[];
}

/**
 * Builds queries whose values are always parameters and whose names are always quoted. Every verb returns a new query, so
 * that one may be the beginning of several.
 *
 * @typeParam Tables - the rows by table
 *
 * @public
 */
export interface QueryBuilder<Tables> {
  /** The table to read or to write: `'product'`, `'product as p'`, `'schema.product'`. */
  from<Source extends TableSource<Tables>>(
    source: Source,
  ): TableQuery<
    Tables,
    ScopeOf<Tables, Source>,
    TableIn<Source> extends keyof Tables ? Tables[TableIn<Source>] : never
  >;
}

/**
 * Conditions, from the left to the right: each `where` narrows all that stands before it, also what an `orWhere` has let in,
 * and each `orWhere` widens it. A group has parentheses of its own.
 *
 * An undefined value is refused, and so is a list or an object where one value is expected.
 *
 * @public
 */
export interface Conditions<Scope> {
  /**
   * Only rows for which this holds.
   *
   * @throws {@link InvalidOptionsError} for an operator that is not in {@link OPERATORS}, and a name that no column can have
   * @throws {@link ValidationError} for a value that cannot be compared
   */
  where<Column extends ColumnOf<Scope>, const Op extends Operator>(
    column: Column,
    operator: Op,
    value: Operand<ColumnValue<Scope, Column>, Op>,
  ): this;
  /** Only rows for which a computed value, or a column whose name holds a dot, compares so. */
  where(column: SqlIdentifier | Sql<object>, operator: Operator, value: unknown): this;
  /** Only rows for which a condition of your own holds, or all of a group. */
  where(condition: Sql<object> | ((group: Conditions<Scope>) => Conditions<Scope>)): this;
  /** All rows so far, and those for which this holds as well. */
  orWhere<Column extends ColumnOf<Scope>, const Op extends Operator>(
    column: Column,
    operator: Op,
    value: Operand<ColumnValue<Scope, Column>, Op>,
  ): this;
  /** As the same form of {@link Conditions.where}, and widens. */
  orWhere(column: SqlIdentifier | Sql<object>, operator: Operator, value: unknown): this;
  /** As the same form of {@link Conditions.where}, and widens. */
  orWhere(condition: Sql<object> | ((group: Conditions<Scope>) => Conditions<Scope>)): this;
  /** Only rows whose column is one of these; none for an empty list. */
  whereIn<Column extends ColumnOf<Scope>>(
    column: Column,
    values: Operand<ColumnValue<Scope, Column>, 'in'>,
  ): this;
  /** Only rows whose column is none of these, and not null. */
  whereNotIn<Column extends ColumnOf<Scope>>(
    column: Column,
    values: Operand<ColumnValue<Scope, Column>, 'in'>,
  ): this;
  /** Only rows without a value there. */
  whereNull(column: ColumnOf<Scope>): this;
  /** Only rows with a value there. */
  whereNotNull(column: ColumnOf<Scope>): this;
  /** Only rows between two values, both included. */
  whereBetween<Column extends ColumnOf<Scope>>(
    column: Column,
    low: Operand<ColumnValue<Scope, Column>, '>='>,
    high: Operand<ColumnValue<Scope, Column>, '<='>,
  ): this;
}

/**
 * What the database can compute in `select` and `having`.
 *
 * @public
 */
export interface SqlFunctions<Scope> {
  /** Number of rows, or of rows with a value there. */
  count(column?: ColumnOf<Scope>): SqlExpression<bigint>;
  /** Number of different values. */
  countDistinct(column: ColumnOf<Scope>): SqlExpression<bigint>;
  /** PostgreSQL adds int4 up as bigint, and bigint and numeric as Decimal; say which: `sum<bigint>('quantity')`. */
  sum<Value = unknown>(column: ColumnOf<Scope>): SqlExpression<Value | null>;
  /** The mean: a Decimal, or a number for float8. */
  avg<Value = unknown>(column: ColumnOf<Scope>): SqlExpression<Value | null>;
  /** The smallest value; null for no rows. */
  min<Column extends ColumnOf<Scope>>(column: Column): SqlExpression<ColumnValue<Scope, Column> | null>;
  /** The greatest value; null for no rows. */
  max<Column extends ColumnOf<Scope>>(column: Column): SqlExpression<ColumnValue<Scope, Column> | null>;
  /** A piece of SQL of your own, and what it gives: ``value<Date>(db.sql`date_trunc('day', placed_at)`)``. */
  value<Value = unknown>(piece: Sql<object>): SqlExpression<Value>;
}

/**
 * A query that gives rows.
 *
 * @public
 */
export interface SelectQuery<Tables, Scope, Chosen> extends Conditions<Scope> {
  /** Adds columns to the result; all of the table's while none are named, which a query of several tables has to do. */
  select<Selected extends Selection<Scope>>(
    ...columns: readonly Selected[]
  ): SelectQuery<Tables, Scope, Picked<Chosen, SelectedColumns<Scope, Selected>>>;
  /** Adds values that the database computes: `select(({ count }) => ({ orders: count() }))`. */
  select<Computed extends Readonly<Record<string, SqlExpression<unknown>>>>(
    compute: (functions: SqlFunctions<Scope>) => Computed,
  ): SelectQuery<Tables, Scope, Picked<Chosen, ComputedColumns<Computed>>>;
  /** Only pairs of rows whose columns are equal. */
  innerJoin<Source extends TableSource<Tables>>(
    source: Source,
    left: ColumnOf<Scope & ScopeOf<Tables, Source>>,
    right: ColumnOf<Scope & ScopeOf<Tables, Source>>,
  ): SelectQuery<Tables, Scope & ScopeOf<Tables, Source>, Chosen>;
  /** All rows so far, with nulls where the other table has no row for them. */
  leftJoin<Source extends TableSource<Tables>>(
    source: Source,
    left: ColumnOf<Scope & ScopeOf<Tables, Source>>,
    right: ColumnOf<Scope & ScopeOf<Tables, Source>>,
  ): SelectQuery<Tables, Scope & NullableScope<ScopeOf<Tables, Source>>, Chosen>;
  /** All rows of the other table, with nulls where there is none so far for them. */
  rightJoin<Source extends TableSource<Tables>>(
    source: Source,
    left: ColumnOf<Scope & ScopeOf<Tables, Source>>,
    right: ColumnOf<Scope & ScopeOf<Tables, Source>>,
  ): SelectQuery<Tables, NullableScope<Scope> & ScopeOf<Tables, Source>, Chosen>;
  /** All rows of both sides, with nulls where the other has none. */
  fullJoin<Source extends TableSource<Tables>>(
    source: Source,
    left: ColumnOf<Scope & ScopeOf<Tables, Source>>,
    right: ColumnOf<Scope & ScopeOf<Tables, Source>>,
  ): SelectQuery<Tables, NullableScope<Scope & ScopeOf<Tables, Source>>, Chosen>;
  /** One row for each value of these columns, or of a piece of SQL. */
  groupBy(...columns: readonly (ColumnOf<Scope> | SqlIdentifier | Sql<object>)[]): this;
  /** Only groups for which this holds; several calls must all hold. */
  having<Value, const Op extends Operator>(
    compute: (functions: SqlFunctions<Scope>) => SqlExpression<Value>,
    operator: Op,
    value: Operand<Value, Op>,
  ): this;
  /** Sorts by a column, a selected name or a piece of SQL, after what earlier calls sort by; nulls as PostgreSQL does unless said. */
  orderBy(
    column: ColumnOf<Scope> | (keyof Chosen & string) | SqlIdentifier | Sql<object>,
    direction?: 'asc' | 'desc',
    nulls?: 'first' | 'last',
  ): this;
  /**
   * At most so many rows.
   *
   * @throws {@link ValidationError} for anything but an integer from 0
   */
  limit(rows: number): this;
  /**
   * Leaves out so many rows.
   *
   * @throws {@link ValidationError} for anything but an integer from 0
   */
  offset(rows: number): this;
  /** Runs it and gives all rows. */
  get(): Promise<ResultRow<Scope, Chosen>[]>;
  /** Runs it and gives the first row; null for none. */
  first(): Promise<ResultRow<Scope, Chosen> | null>;
  /** Runs it and gives the number of its rows. */
  count(): Promise<number>;
  /** Reads the rows one by one with one batch of them in memory: see {@link TypedDatabase.stream}. */
  stream(options?: StreamOptions): AsyncIterableIterator<ResultRow<Scope, Chosen>>;
  /** What {@link SelectQuery.get} would send. */
  toSql(): CompiledSql;
}

/**
 * A query of one table, which can still become one that writes. What a write cannot do is refused: joins, an order, a limit.
 *
 * @public
 */
export interface TableQuery<Tables, Scope, TableRow> extends SelectQuery<Tables, Scope, undefined> {
  /**
   * Inserts one row or several; a column that one of them leaves out has its default.
   *
   * @throws {@link ValidationError} for no rows, and for an undefined value
   */
  insert(rows: InsertRow<TableRow> | readonly InsertRow<TableRow>[]): WriteQuery<TableRow>;
  /** Changes the rows for which the conditions hold; without any, only after {@link FilteredWriteQuery.all}. */
  update(values: UpdateRow<TableRow>): FilteredWriteQuery<Scope, TableRow>;
  /** Deletes the rows for which the conditions hold; without any, only after {@link FilteredWriteQuery.all}. */
  delete(): FilteredWriteQuery<Scope, TableRow>;
}

/**
 * A statement that writes; awaiting it runs it, each time anew, and gives the number of rows it has written.
 *
 * @public
 */
export interface WriteQuery<TableRow> extends PromiseLike<number> {
  /** Runs it and gives the number of rows it has written. */
  execute(): Promise<number>;
  /** Gives the rows it has written, as they are now: these columns of them, or all. */
  returning(): ReturningQuery<SelectRow<TableRow>>;
  /** Gives these columns of the rows it has written. */
  returning<Selected extends Selection<{ table: TableRow }>>(
    ...columns: readonly Selected[]
  ): ReturningQuery<SelectedColumns<{ table: TableRow }, Selected>>;
  /** What {@link WriteQuery.execute} would send. */
  toSql(): CompiledSql;
}

/**
 * An update or a delete.
 *
 * @public
 */
export interface FilteredWriteQuery<Scope, TableRow> extends WriteQuery<TableRow>, Conditions<Scope> {
  /** Says that every row of the table is meant. */
  all(): this;
}

/**
 * A statement that writes and gives rows; awaiting it runs it, each time anew.
 *
 * @public
 */
export interface ReturningQuery<Row> extends PromiseLike<Row[]> {
  /** Runs it and gives the rows it has written. */
  get(): Promise<Row[]>;
  /** Runs it and gives the first row it has written; null for none. All of them are written. */
  first(): Promise<Row | null>;
  /** What {@link ReturningQuery.get} would send. */
  toSql(): CompiledSql;
}

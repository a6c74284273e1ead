import type { FieldText } from '../../client/schema-text.js';
import { ValidationError, type ValidationProblem } from '../../errors/validation.error.js';
import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { Arguments } from '../defined-filters.js';
import { leftOut } from './client-default.js';
import { columnText, UnusableValue, type ColumnText } from './column-text.js';

/** Rows that give the same columns, so that one statement can write them. */
export interface ColumnRows {
  readonly columns: readonly ModelColumn[];
  /** One list of texts for each row, in the order of the columns. */
  readonly rows: (string | null)[][];
}

/** How values of a model become text. */
export interface RowSchema {
  readonly table: ModelTable;
  readonly defaults: ReadonlyMap<string, FieldText> | undefined;
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly now: Date;
}

interface WritableColumn {
  readonly column: ModelColumn;
  readonly text: ColumnText;
}

/** As many as a reader takes in. */
const MAX_PROBLEMS = 20;

/**
 * Checks the rows, and sorts them by the columns they give: a column that is left out gets its default, and a statement
 * cannot leave it out for some of its rows.
 *
 * @throws {@link ValidationError} which names rows and fields; nothing is sent
 */
export function columnRows(schema: RowSchema, rows: readonly unknown[]): ColumnRows[] {
  const columns = new Map<string, WritableColumn>();
  for (const [field, column] of schema.table.columns) {
    columns.set(field, { column, text: columnText(column, schema.enums.get(column.type)) });
  }
  const missing = new Map<string, ReturnType<typeof leftOut>>();
  for (const [field, column] of schema.table.columns) {
    missing.set(field, leftOut(column, schema.defaults?.get(field), schema.now));
  }
  const groups = new Map<string, ColumnRows>();
  const problems: ValidationProblem[] = [];
  for (const [index, row] of rows.entries()) {
    const refuse = (field: string, problem: string) => {
      problems.push({ path: field === '' ? `rows.${index}` : `rows.${index}.${field}`, problem });
    };
    if (typeof row !== 'object' || row === null || Array.isArray(row)) refuse('', 'is no object.');
    else readRow(row as Arguments, columns, missing, groups, refuse);
    if (problems.length >= MAX_PROBLEMS) break;
  }
  const error = ValidationError.of(problems);
  if (error !== undefined) throw error;
  if ([...groups.values()].some((group) => group.columns.length === 0))
    throw new ValidationError(
      'rows',
      'hold a record that gives no column at all. Use createMany for such records.',
    );
  return [...groups.values()];
}

function readRow(
  row: Arguments,
  columns: ReadonlyMap<string, WritableColumn>,
  missing: ReadonlyMap<string, ReturnType<typeof leftOut>>,
  groups: Map<string, ColumnRows>,
  refuse: (field: string, problem: string) => void,
): void {
  const given: ModelColumn[] = [];
  const texts: (string | null)[] = [];
  let name = '';
  for (const field in row) {
    if (!columns.has(field) && row[field] !== undefined) {
      refuse(field, 'is no column of the model. Records of other models are not created in bulk.');
    }
  }
  for (const [field, { column, text }] of columns) {
    let value = row[field];
    if (value === undefined) {
      const absent = missing.get(field);
      if (absent?.by === 'nobody') refuse(field, absent.problem);
      if (absent?.by !== 'client') continue;
      value = absent.value();
    } else if (column.generated) {
      refuse(field, 'is computed by the database and cannot be written.');
      continue;
    }
    const written = text(value);
    // Prisma's `DbNull` is one as well.
    const isForbidden = !column.nullable && (value === null || written === null);
    const read = isForbidden ? new UnusableValue('is null; the column takes none.') : written;
    if (read instanceof UnusableValue) {
      refuse(field, read.problem);
      continue;
    }
    given.push(column);
    texts.push(read);
    name += `${field},`;
  }
  const group = groups.get(name);
  if (group === undefined) groups.set(name, { columns: given, rows: [texts] });
  else group.rows.push(texts);
}

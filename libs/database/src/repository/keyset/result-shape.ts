import type { ModelColumn, ModelTable } from '../../query/model-table.js';
import type { Arguments } from '../defined-filters.js';
import { isPlainObject } from '../record-id.js';
import { baseType } from '../where/base-type.js';

/**
 * The columns that a result of this shape consists of; undefined where it is more than values of the table's own columns,
 * which only Prisma can make, or nothing that Prisma would accept.
 */
export function columnsOfShape(
  table: ModelTable,
  { select, include, omit }: Arguments,
  omitted: Arguments,
): readonly ModelColumn[] | undefined {
  if (include !== undefined) return undefined;
  const supported = [...table.columns.values()].filter(({ kind }) => kind !== 'unsupported');
  const columns =
    select === undefined
      ? columnsWithout(supported, { ...omitted, ...asFlags(omit) })
      : columnsWith(supported, omit === undefined ? asFlags(select) : undefined);
  const isComplete = columns !== undefined && columns.length > 0 && columns.every(isReadableAsPrismaDoes);
  return isComplete ? columns : undefined;
}

function columnsWith(columns: readonly ModelColumn[], select: Arguments | undefined) {
  if (select === undefined || !onlyFlagsOf(columns, select)) return undefined;
  return columns.filter(({ field }) => select[field] === true);
}

function columnsWithout(columns: readonly ModelColumn[], omit: Arguments) {
  if (!onlyFlagsOf(columns, omit)) return undefined;
  return columns.filter(({ field }) => omit[field] !== true);
}

function onlyFlagsOf(columns: readonly ModelColumn[], flags: Arguments): boolean {
  return Object.entries(flags).every(
    ([field, flag]) =>
      (flag === undefined || typeof flag === 'boolean') && columns.some((column) => column.field === field),
  );
}

/** What is no object of flags becomes one that no column has. */
function asFlags(value: unknown): Arguments {
  if (value === undefined) return {};
  return isPlainObject(value) ? value : { '': true };
}

const BASE_TYPES = new Set([
  'smallint', 'integer', 'bigint', 'real', 'double precision', 'numeric', 'boolean', 'text', 'character varying',
  'character', 'uuid', 'date', 'timestamp without time zone', 'timestamp with time zone', 'bytea', 'json', 'jsonb',
]); // prettier-ignore

/** Types whose values come out of a SQL statement exactly as out of Prisma. */
function isReadableAsPrismaDoes({ kind, isList, hasMappedValues, sqlType }: ModelColumn): boolean {
  if (isList || hasMappedValues) return false;
  return kind === 'enum' || BASE_TYPES.has(baseType(sqlType));
}

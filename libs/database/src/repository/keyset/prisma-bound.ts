import type { Arguments } from '../defined-filters.js';
import type { ModelColumn } from '../../query/model-table.js';
import { baseType } from '../where/base-type.js';
import type { CursorValues } from './cursor.js';
import type { OrderColumn, PageOrder } from './page-order.js';

/** A cursor's value as Prisma can say it: itself, the two values it lies between, or not at all. */
type PrismaValue =
  { readonly exact: unknown } | { readonly low: unknown; readonly high: unknown } | undefined;

/**
 * The rows after a cursor, and perhaps some before it, in Prisma's language: an OR over the columns. PostgreSQL filters
 * rows with it; the bound on the leading column, which says nothing new, is what it finds an index for.
 *
 * @param isInclusive - whether the row of the cursor itself belongs to them
 */
export function wherePrismaAfter(order: PageOrder, values: CursorValues, isInclusive: boolean): Arguments {
  const parts: Arguments[] = [];
  const equal: Arguments[] = [];
  for (const [index, one] of order.entries()) {
    const value = readValue(one.column, values[index] ?? null);
    const equals = isInclusive && index === order.length - 1 ? 'e' : '';
    parts.push(...after(one, value, equals).map((condition) => ({ AND: [...equal, condition] })));
    // What follows a value that cannot be said cannot be narrowed either; SQL does it.
    if (value === undefined || !('exact' in value)) break;
    equal.push({ [one.column.field]: value.exact });
  }
  return { AND: [{ OR: parts }, ...boundOfLeading(order, values)] };
}

function after({ column, direction, nulls }: OrderColumn, value: PrismaValue, equals: string): Arguments[] {
  const { field, nullable, type } = column;
  if (value === undefined) return [{}];
  const isAscending = direction === 'asc';
  const trailing = nullable && nulls === 'last' ? [{ [field]: null }] : [];
  if (!('exact' in value)) {
    return [{ [field]: isAscending ? { gte: value.low } : { lte: value.high } }, ...trailing];
  }
  if (value.exact === null) return nulls === 'first' ? [{ [field]: { not: null } }] : [];
  if (type === 'Boolean')
    return value.exact === isAscending ? trailing : [{ [field]: isAscending }, ...trailing];
  return [{ [field]: { [(isAscending ? 'gt' : 'lt') + equals]: value.exact } }, ...trailing];
}

/** None where nulls follow, which such a bound would leave out. */
function boundOfLeading([leading]: PageOrder, [text]: CursorValues): Arguments[] {
  if (leading === undefined || text === undefined || text === null) return [];
  const { column, direction, nulls } = leading;
  const value = readValue(column, text);
  if (value === undefined || column.type === 'Boolean' || (column.nullable && nulls === 'last')) return [];
  const [low, high] = 'exact' in value ? [value.exact, value.exact] : [value.low, value.high];
  return [{ [column.field]: direction === 'asc' ? { gte: low } : { lte: high } }];
}

function readValue({ kind, type, sqlType }: ModelColumn, text: string | null): PrismaValue {
  if (text === null) return { exact: null };
  // Prisma cannot compare these by their order.
  if (kind === 'enum' || type === 'Bytes') return undefined;
  switch (type) {
    case 'String':
      return { exact: text };
    case 'Boolean':
      return { exact: text === 'true' };
    case 'Int':
      return { exact: Number(text) };
    case 'BigInt':
      return { exact: BigInt(text) };
    case 'Float':
      return Number.isFinite(Number(text)) ? { exact: Number(text) } : undefined;
    case 'Decimal':
      return /^-?[\d.]+$/.test(text) ? { exact: text } : undefined;
    default:
      return readDate(text, baseType(sqlType));
  }
}

/** JavaScript's dates end at milliseconds; a value between two of them is given as both. */
function readDate(text: string, type: string): PrismaValue {
  const [, date, time = '00:00:00', fraction = '', zone = '+00'] =
    /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?([+-]\d\d(?::\d\d)?)?)?$/.exec(text) ?? [];
  if (date === undefined || !DATE_TYPES.has(type)) return undefined;
  const offset = zone.length === 3 ? `${zone}:00` : zone;
  const digits = fraction.padEnd(6, '0');
  const low = new Date(`${date}T${time}.${digits.slice(0, 3)}${offset}`);
  if (Number.isNaN(low.getTime())) return undefined;
  return digits.endsWith('000') ? { exact: low } : { low, high: new Date(low.getTime() + 1) };
}

const DATE_TYPES = new Set(['date', 'timestamp without time zone', 'timestamp with time zone']);

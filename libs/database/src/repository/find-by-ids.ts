import { ValidationError } from '../errors/validation.error.js';
import type { Arguments } from './defined-filters.js';
import { idText, isPlainObject, whereOf } from './record-id.js';
import type { RepositoryContext } from './repository-context.js';

/** Values of one statement; PostgreSQL takes 65,535, and a longer list makes its plan no better. */
const VALUES_OF_A_QUERY = 10_000;
/** A compound key is a branch of an OR each, which costs Prisma far more than an entry of a list. */
const COMPOUND_KEYS_OF_A_QUERY = 500;

const UUID = /^\["[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}"\]$/i;

type Found = Record<string, unknown>;

/** The records in the order of the ids, null for those that are not there. */
export async function findByIds(
  context: RepositoryContext,
  ids: unknown,
  shape: Arguments = {},
): Promise<(Found | null)[]> {
  if (!Array.isArray(ids)) throw new ValidationError('ids', 'is no array. Nothing was sent.');
  const keys = ids.map((id, index) => flat(whereOf(id, context.fields, `ids.${index}`)));
  const [first] = keys;
  if (first === undefined) return [];
  const fields = Object.keys(first);
  const texts = keys.map((key, index) => {
    if (Object.keys(key).length === fields.length && fields.every((field) => field in key)) return text(key);
    throw new ValidationError(`ids.${index}`, 'names other fields than the first id does. Nothing was sent.');
  });
  const wanted = new Map(texts.map((each, index) => [each, keys[index] as Arguments]));
  const { args, added } = withFields(shape, fields);
  const records = new Map<string, Found>();
  for (const where of conditions(fields, [...wanted.values()])) {
    const rows = await context.call('findMany', { ...args, where: context.scopedWhere(where) }, 'findByIds');
    for (const record of rows as Found[]) {
      records.set(text(record), record);
      for (const field of added) delete record[field];
    }
  }
  const loose = looselyNamed(records, wanted);
  return texts.map((each) => records.get(each) ?? loose.get(fold(each)) ?? null);

  function text(key: Arguments): string {
    return JSON.stringify(fields.map((field) => idText(key[field], context.fields[field]?.typeName ?? '')));
  }
}

/** `{ orderId_lineNo: { orderId, lineNo } }` as `{ orderId, lineNo }`. */
function flat(where: Arguments): Arguments {
  return Object.assign(
    {},
    ...Object.entries(where).map(([key, value]) => (isPlainObject(value) ? value : { [key]: value })),
  ) as Arguments;
}

function* conditions(fields: readonly string[], keys: readonly Arguments[]): Generator<Arguments> {
  const [field] = fields;
  const size = fields.length === 1 ? VALUES_OF_A_QUERY : COMPOUND_KEYS_OF_A_QUERY;
  for (let start = 0; start < keys.length; start += size) {
    const slice = keys.slice(start, start + size);
    yield fields.length === 1 && field !== undefined
      ? { [field]: { in: slice.map((key) => key[field]) } }
      : { OR: slice };
  }
}

/** The shape with the fields by which records are told apart, and which of them nobody has asked for. */
function withFields(
  shape: Arguments,
  fields: readonly string[],
): { args: Arguments; added: readonly string[] } {
  const named = (value: boolean) => Object.fromEntries(fields.map((field) => [field, value]));
  const { select, omit } = shape;
  if (isPlainObject(select)) {
    const added = fields.filter((field) => select[field] !== true);
    return { args: { ...shape, select: { ...select, ...named(true) } }, added };
  }
  const omitted = isPlainObject(omit) ? omit : {};
  const added = fields.filter((field) => omitted[field] === true);
  return { args: { ...shape, omit: { ...omitted, ...named(false) } }, added };
}

/**
 * Records by the folded text of their key, for columns that compare in a way of their own, as uuid, citext and char(n) do:
 * those that nobody named exactly, and those of a UUID, which is the same in capitals.
 */
function looselyNamed(
  records: ReadonlyMap<string, Found>,
  wanted: ReadonlyMap<string, unknown>,
): Map<string, Found> {
  const loose = new Map<string, Found>();
  for (const [each, record] of records) {
    if (!wanted.has(each) || UUID.test(each)) loose.set(fold(each), record);
  }
  return loose;
}

function fold(each: string): string {
  return each.toLowerCase().replace(/ +"/g, '"');
}

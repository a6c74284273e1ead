import { InvalidOptionsError } from '../config/config.errors.js';
import { ValidationError } from '../errors/validation.error.js';
import type { Arguments } from './defined-filters.js';
import { copyRecord } from './loading/copy-record.js';
import { isPlainObject, whereOf } from './record-id.js';
import {
  globalOmit,
  keyedShape,
  keyFinder,
  keyText,
  separate,
  whereOfKeys,
  withoutFields,
  type NamedKey,
} from './record-keys.js';
import type { RepositoryContext } from './repository-context.js';

/** Values of one statement; PostgreSQL takes 65,535, and a longer list makes its plan no better. */
const VALUES_OF_A_QUERY = 10_000;
/** A compound key is a branch of an OR each, which costs Prisma far more than an entry of a list. */
const COMPOUND_KEYS_OF_A_QUERY = 500;

type Found = Record<string, unknown>;

/** The records in the order of the ids, null for those that are not there; each place has an object of its own. */
export async function findByIds(
  context: RepositoryContext,
  ids: unknown,
  shape: Arguments = {},
): Promise<(Found | null)[]> {
  const keys = readKeys(context, ids);
  const [first] = keys;
  if (first === undefined) return [];
  const fields = Object.keys(first.record);
  const distinct = [...new Map(keys.map((key) => [key.text, key])).values()];
  const records = await findRecords(context, fields, distinct, shape);
  const given = new Set<string>();
  return keys.map(({ text }) => {
    const record = records.get(text);
    if (record === undefined) return null;
    if (given.has(text)) return copyRecord(record) as Found;
    given.add(text);
    return record;
  });
}

async function findRecords(
  context: RepositoryContext,
  fields: readonly string[],
  keys: readonly NamedKey[],
  shape: Arguments,
): Promise<ReadonlyMap<string, Found>> {
  const { args, added } = keyedShape(shape, fields, globalOmit(context));
  const ask = async (asked: readonly NamedKey[]) => {
    const where = context.scopedWhere(
      whereOfKeys(
        fields,
        asked.map(({ record }) => record),
      ),
    );
    return (await context.call('findMany', { ...args, where }, 'findByIds')) as Found[];
  };
  const found = new Map<string, Found>();
  const { together, apart } = separate(keys, fields, context.fields);
  const size = fields.length === 1 ? VALUES_OF_A_QUERY : COMPOUND_KEYS_OF_A_QUERY;
  let hasStrays = false;
  for (let start = 0; start < together.length; start += size) {
    const slice = together.slice(start, start + size);
    const textOf = keyFinder(slice, fields, context.fields);
    for (const record of await ask(slice)) {
      const text = textOf(record);
      if (text === undefined) hasStrays = true;
      else found.set(text, withoutFields(record, added));
    }
  }
  // A record that has none of the texts belongs to a key that is written in another way than the database writes it.
  const missed = hasStrays ? together.filter(({ text }) => !found.has(text)) : [];
  for (const key of [...apart, ...missed]) {
    const [record] = await ask([key]);
    if (record !== undefined) found.set(key.text, withoutFields(record, added));
  }
  return found;
}

function readKeys(context: RepositoryContext, ids: unknown): NamedKey[] {
  if (!Array.isArray(ids)) throw InvalidOptionsError.at(`${context.model}.findByIds`, 'ids', 'is no array.');
  const keys = ids.map((id, index) => flat(whereOf(id, context.fields, `ids.${index}`)));
  const fields = Object.keys(keys[0] ?? {});
  return keys.map((record, index) => {
    if (Object.keys(record).length !== fields.length || !fields.every((field) => field in record))
      throw new ValidationError(
        `ids.${index}`,
        'names other fields than the first id does. Nothing was sent.',
      );
    return { record, text: keyText(record, fields, context.fields) };
  });
}

/** `{ orderId_lineNo: { orderId, lineNo } }` as `{ orderId, lineNo }`. */
function flat(where: Arguments): Arguments {
  return Object.assign(
    {},
    ...Object.entries(where).map(([key, value]) => (isPlainObject(value) ? value : { [key]: value })),
  ) as Arguments;
}

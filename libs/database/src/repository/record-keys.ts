import type { Arguments } from './defined-filters.js';
import { idText, isPlainObject } from './record-id.js';
import type { RepositoryContext } from './repository-context.js';

// What all parts share that ask for the records of many keys: the shape, the condition, and which record has which key.

type Fields = RepositoryContext['fields'];

/** The values that name one record, or the records of one owner, by field; equal keys have equal texts. */
export interface NamedKey {
  readonly record: Arguments;
  readonly text: string;
}

/** Arguments whose records carry the fields that they are told apart by, and which of those nobody asked for. */
export interface KeyedShape {
  readonly args: Arguments;
  readonly added: readonly string[];
}

/** What the client leaves out of every result of a model, `new PrismaClient({ omit })`. */
export function globalOmit({ prisma, model }: Pick<RepositoryContext, 'prisma' | 'model'>): Arguments {
  const client: { readonly _globalOmit?: Readonly<Record<string, unknown>> } = prisma.client as object;
  const omit = client._globalOmit?.[model];
  return isPlainObject(omit) ? omit : {};
}

/** The shape with the fields of the key in it. */
export function keyedShape(shape: Arguments, fields: readonly string[], omitted: Arguments): KeyedShape {
  const { select, omit } = shape;
  if (isPlainObject(select)) {
    const added = fields.filter((field) => select[field] !== true);
    // Nothing selected is an error of Prisma's, which it would not see any more.
    if (added.length === 0 || !Object.values(select).some(Boolean)) return { args: shape, added: [] };
    return { args: { ...shape, select: { ...select, ...flags(added, true) } }, added };
  }
  const own = isPlainObject(omit) ? omit : {};
  // Unless the call itself says `false`, what the client leaves out stays out.
  const added = fields.filter((field) => (own[field] ?? omitted[field]) === true);
  if (added.length === 0) return { args: shape, added };
  return { args: { ...shape, omit: { ...own, ...flags(added, false) } }, added };
}

/** The record as the caller wanted it. */
export function withoutFields<Each extends Arguments>(record: Each, added: readonly string[]): Each {
  if (added.length === 0) return record;
  return Object.fromEntries(Object.entries(record).filter(([field]) => !added.includes(field))) as Each;
}

/** The condition that the records of these keys satisfy. */
export function whereOfKeys(fields: readonly string[], keys: readonly Arguments[]): Arguments {
  const [only, ...others] = fields;
  if (only !== undefined && others.length === 0) return { [only]: { in: keys.map((key) => key[only]) } };
  return { OR: keys.map((key) => Object.fromEntries(fields.map((field) => [field, key[field]]))) };
}

/** Equal for values that name the same record, whether they come from a caller or from the database. */
export function keyText(record: Arguments, fields: readonly string[], types: Fields): string {
  return joined(fields.map((field) => idText(record[field], types[field]?.typeName ?? '')));
}

/**
 * Tells which of these keys a record has that was found by them; undefined where its text is that of none. The keys have
 * to be told apart by {@link separate} before.
 */
export function keyFinder(
  keys: readonly NamedKey[],
  fields: readonly string[],
  types: Fields,
): (record: Arguments) => string | undefined {
  const exact = new Set(keys.map(({ text }) => text));
  let loose: ReadonlyMap<string, string> | undefined;
  return (record) => {
    const text = keyText(record, fields, types);
    if (exact.has(text)) return text;
    loose ??= new Map(keys.map((key) => [looseKeyText(key.record, fields, types), key.text]));
    return loose.get(looseKeyText(record, fields, types));
  };
}

/**
 * Keys that can be asked for together, and those whose texts the database may take for equal: which record belongs to
 * which of these, only it knows.
 */
export function separate<Key extends NamedKey>(
  keys: readonly Key[],
  fields: readonly string[],
  types: Fields,
): { together: readonly Key[]; apart: readonly Key[] } {
  if (!fields.some((field) => typeof keys[0]?.record[field] === 'string'))
    return { together: keys, apart: [] };
  const count = new Map<string, number>();
  const loose = keys.map(({ record }) => looseKeyText(record, fields, types));
  for (const text of loose) count.set(text, (count.get(text) ?? 0) + 1);
  const together: Key[] = [];
  const apart: Key[] = [];
  for (const [index, key] of keys.entries())
    (count.get(loose[index] ?? '') === 1 ? together : apart).push(key);
  return { together, apart };
}

function looseKeyText(record: Arguments, fields: readonly string[], types: Fields): string {
  return joined(fields.map((field) => looseText(idText(record[field], types[field]?.typeName ?? ''))));
}

/**
 * Equal for all texts that some type or collation of PostgreSQL may take for equal: citext, char(n), uuid,
 * nondeterministic collations. The other way round it says nothing.
 */
function looseText(text: string): string {
  const folded = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trimEnd();
  return /^[0-9a-f{}-]{32,40}$/.test(folded) ? folded.replace(/[-{}]/g, '') : folded;
}

function joined(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? '') : JSON.stringify(texts);
}

function flags(fields: readonly string[], value: boolean): Readonly<Record<string, boolean>> {
  return Object.fromEntries(fields.map((field) => [field, value]));
}

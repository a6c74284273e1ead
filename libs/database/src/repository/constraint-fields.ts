import type { ConstraintViolation } from '../errors/constraint.errors.js';
import { classifyFault } from '../fault/translate-error.js';
import { partsOf, type Database } from '../query/database.js';
import type { ModelTable } from '../query/model-table.js';

const VIOLATIONS = new Set(['UNIQUE_VIOLATION', 'FOREIGN_KEY_VIOLATION', 'NOT_NULL_VIOLATION']);

/**
 * Sees to it that the table of a model is known once a constraint is broken: PostgreSQL names the index, and only the
 * catalog says which fields it has. It is asked once per connection; where it cannot be, the error is as good without.
 */
export async function knowTable(db: Database, model: string, error: unknown): Promise<void> {
  if (!VIOLATIONS.has(classifyFault(error).code)) return;
  const { catalog, transactions } = partsOf(db);
  // After an error PostgreSQL answers nothing more in the same transaction.
  if (catalog.peek(model) !== undefined || transactions.isActive()) return;
  try {
    await catalog.table(model);
  } catch {
    // The violation is what the caller has to hear of.
  }
}

/**
 * The fields of a broken constraint, by the tables that are known: those of the model and of its relations, whose records
 * a nested write may have touched. Undefined where they say nothing about it.
 */
export function constraintFields(
  db: Database,
  model: string,
  violation: ConstraintViolation,
): readonly string[] | undefined {
  const { catalog } = partsOf(db);
  const own = catalog.peek(model);
  if (own === undefined) return undefined;
  const others = Array.from(own.relations.values(), (relation) => catalog.peek(relation.model));
  for (const table of [own, ...others]) {
    const fields = table === undefined ? undefined : fieldsIn(table, violation);
    if (fields !== undefined) return fields;
  }
  return undefined;
}

function fieldsIn(
  table: ModelTable,
  { constraint, fields = [], table: named }: ConstraintViolation,
): readonly string[] | undefined {
  const index = constraint === undefined ? undefined : table.indexes.get(constraint);
  // An expression has no field, and the name of its index is no hint at one.
  if (index !== undefined) return index.fields ?? [];
  if (named !== undefined && named.split('.').at(-1) !== table.table) return undefined;
  const fieldOf = new Map(Array.from(table.columns.values(), ({ field, column }) => [column, field]));
  const columns = constraint === undefined ? undefined : foreignKeyColumns(constraint, table.table, fieldOf);
  const known = columns ?? fields;
  if (known.length === 0 || !known.every((name) => fieldOf.has(name))) return undefined;
  return known.map((name) => fieldOf.get(name) ?? name);
}

/** `order_item_product_id_fkey`, as Prisma and PostgreSQL name it: the table, the columns, the kind. */
function foreignKeyColumns(
  constraint: string,
  table: string,
  fieldOf: ReadonlyMap<string, string>,
): readonly string[] | undefined {
  if (!constraint.startsWith(`${table}_`) || !constraint.endsWith('_fkey')) return undefined;
  return splitIntoColumns(constraint.slice(table.length + 1, -'_fkey'.length), fieldOf);
}

/** The columns whose names, joined by `_`, give the text; the longest name first, so that `a_b` is one column if there is one. */
function splitIntoColumns(text: string, fieldOf: ReadonlyMap<string, string>): readonly string[] | undefined {
  if (fieldOf.has(text)) return [text];
  for (let end = text.lastIndexOf('_'); end > 0; end = text.lastIndexOf('_', end - 1)) {
    const first = text.slice(0, end);
    const rest = fieldOf.has(first) ? splitIntoColumns(text.slice(end + 1), fieldOf) : undefined;
    if (rest !== undefined) return [first, ...rest];
  }
  return undefined;
}

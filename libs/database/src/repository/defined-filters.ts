import { ValidationError } from '../errors/validation.error.js';

/** Where data stand: `create` and `update` are those of an upsert. */
const WRITTEN = new Set(['data', 'create', 'update']);

/** The arguments of a call, unchecked. */
export type Arguments = Readonly<Record<string, unknown>>;

/** Operations of a nested write whose value is itself a condition. */
const CONDITIONS = ['connect', 'disconnect', 'delete', 'deleteMany', 'set'];
/** Operations of a nested write whose value has a `where`, or data to go on with, or both. */
const NESTED_WRITES = ['create', 'createMany', 'connectOrCreate', 'update', 'updateMany', 'upsert'];

/**
 * Refuses `undefined` in every condition of the arguments of a call: in `where`, in the filters of relations that are
 * read along, and in those of nested writes. Prisma leaves such a condition out, so that a missing customer id finds,
 * changes or deletes the records of all customers.
 *
 * `Prisma.skip` says on purpose that a condition is left out, and passes.
 *
 * @throws {@link ValidationError} which names the path, such as `where.customerId`
 */
export function refuseUndefinedFilters(args: Arguments): void {
  checkFilters(args, '');
}

/** Refuses `undefined` as a condition and anywhere inside it. */
export function refuseUndefined(condition: unknown, path: string): void {
  if (condition === undefined) {
    throw new ValidationError(
      path,
      'is undefined, which would leave the condition out and match more records. Give it a value or null, or leave the ' +
        'key out; nothing was sent.',
    );
  }
  for (const [key, value] of entriesOf(condition)) refuseUndefined(value, `${path}.${key}`);
}

function checkFilters(args: unknown, prefix: string): void {
  for (const [key, value] of entriesOf(args)) {
    const path = prefix + key;
    if (key === 'where' || key === 'having') refuseUndefined(value, path);
    else if (key === 'select' || key === 'include') {
      for (const [field, shape] of entriesOf(value)) checkFilters(shape, `${path}.${field}.`);
    } else if (WRITTEN.has(key)) checkData(value, path);
  }
}

/** The data of a write, one record or a list of them. */
function checkData(data: unknown, path: string): void {
  if (Array.isArray(data)) {
    for (const [index, each] of entriesOf(data)) checkData(each, `${path}.${index}`);
    return;
  }
  for (const [field, operations] of entriesOf(data)) {
    if (Array.isArray(operations)) continue;
    for (const [operation, value] of entriesOf(operations)) {
      const at = `${path}.${field}.${operation}`;
      // Undefined in place of the whole operation does nothing at all.
      if (CONDITIONS.includes(operation) && value !== undefined) refuseUndefined(value, at);
      if (NESTED_WRITES.includes(operation)) checkNestedWrite(value, at);
    }
  }
}

function checkNestedWrite(write: unknown, path: string): void {
  if (Array.isArray(write)) {
    for (const [index, each] of entriesOf(write)) checkNestedWrite(each, `${path}.${index}`);
    return;
  }
  checkFilters(write, `${path}.`);
  // The data stand under `data`, `create` and `update`, or are the value itself.
  checkData(write, path);
}

/** What Prisma reads of an object: nothing of a value that it serialises as a whole, such as a date or a decimal. */
function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  if (Array.isArray(value)) return Array.from(value, (each: unknown, index) => [String(index), each]);
  if ('toJSON' in value && typeof value.toJSON === 'function') return [];
  const entries: [string, unknown][] = [];
  // Inherited ones as well, as Prisma does.
  for (const key in value) entries.push([key, (value as Arguments)[key]]);
  return entries;
}

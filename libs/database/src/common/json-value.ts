/** Where a value stops being JSON, and why. */
export interface JsonProblem {
  /** Such as `items[2].price`; empty for the value itself. */
  readonly path: string;
  /** Ends the sentence that the path begins. */
  readonly problem: string;
}

/** Far more than data have, and far less than the stack holds. */
const MAX_DEPTH = 200;

/**
 * What keeps a value from being the same after it was written as JSON and read again; undefined where nothing does.
 *
 * Properties that are undefined are left out, as JSON has it. Everything else that `JSON.stringify` would change without a
 * word, such as a Date or NaN, is a problem.
 */
export function findJsonProblem(value: unknown): JsonProblem | undefined {
  return inspect(value, '', new Set());
}

function inspect(value: unknown, path: string, around: Set<object>): JsonProblem | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value)
        ? undefined
        : { path, problem: `is ${value}, which JSON has no form for.` };
    case 'string':
      return inspectText(value, path);
    case 'object':
      return value === null ? undefined : inspectObject(value, path, around);
    case 'bigint':
      return { path, problem: 'is a bigint, which JSON has no form for. Give its text.' };
    default:
      return { path, problem: `is of type ${typeof value}, which JSON has no form for.` };
  }
}

/** What keeps PostgreSQL from storing a text, in JSON or by itself; undefined where nothing does. */
export function findTextProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character, which PostgreSQL cannot store.';
  // What `isWellFormed` of ES2024 says; Node 20 has it, and the language level of the library does not.
  return /\p{Surrogate}/u.test(text)
    ? 'holds half a character (a lone surrogate), which PostgreSQL cannot store.'
    : undefined;
}

function inspectText(value: string, path: string): JsonProblem | undefined {
  const problem = findTextProblem(value);
  return problem === undefined ? undefined : { path, problem };
}

function inspectObject(value: object, path: string, around: Set<object>): JsonProblem | undefined {
  if (around.has(value)) return { path, problem: 'leads back to what it lies in.' };
  if (around.size >= MAX_DEPTH) return { path, problem: `lies more than ${MAX_DEPTH} levels deep.` };
  const prototype: unknown = Object.getPrototypeOf(value);
  const isList = Array.isArray(value);
  if (!isList && prototype !== Object.prototype && prototype !== null)
    return {
      path,
      problem: `is ${nameOf(value)}, which would come back as something else. ${remedyFor(value)}`,
    };
  if (typeof Reflect.get(value, 'toJSON') === 'function')
    return { path, problem: 'has a method `toJSON`, so that something else would come back.' };
  around.add(value);
  const entries: Iterable<readonly [string, unknown]> = isList
    ? Array.from(value as unknown[], (item, index) => [`${path}[${index}]`, item] as const)
    : Object.entries(value).map(([key, item]) => [path === '' ? key : `${path}.${key}`, item] as const);
  for (const [at, item] of entries) {
    if (item === undefined && !isList) continue;
    const problem = inspect(item, at, around) ?? (isList ? undefined : inspectText(at, at));
    if (problem !== undefined) return problem;
  }
  around.delete(value);
  return undefined;
}

const REMEDY = 'Give texts, numbers, booleans, null, and lists and plain objects of them.';

function remedyFor(value: object): string {
  return value instanceof Date ? 'Give `toISOString()`.' : REMEDY;
}

function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
  const name = constructor?.name;
  return typeof name === 'string' && name !== '' ? `a ${name}` : 'no plain object';
}

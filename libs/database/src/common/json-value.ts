/** Where a value stops being JSON, and why. */
export interface JsonProblem {
  /** Such as `items[2].price`; empty for the value itself. */
  readonly path: string;
  /** Ends the sentence that the path begins. */
  readonly problem: string;
}

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
    default:
      return { path, problem: `is of type ${typeof value}, which JSON has no form for.` };
  }
}

function inspectText(value: string, path: string): JsonProblem | undefined {
  if (value.includes('\0')) return { path, problem: 'holds a NUL character, which PostgreSQL cannot store.' };
  if (/\p{Surrogate}/u.test(value))
    return { path, problem: 'holds half a character (a lone surrogate), which PostgreSQL cannot store.' };
  return undefined;
}

function inspectObject(value: object, path: string, around: Set<object>): JsonProblem | undefined {
  if (around.has(value)) return { path, problem: 'lies inside of itself.' };
  const prototype: unknown = Object.getPrototypeOf(value);
  const isList = Array.isArray(value);
  if (!isList && prototype !== Object.prototype && prototype !== null)
    return { path, problem: `is ${nameOf(value)}, which would come back as something else. ${REMEDY}` };
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

function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
  const name = constructor?.name;
  return typeof name === 'string' && name !== '' ? `of the class ${name}` : 'of a class';
}

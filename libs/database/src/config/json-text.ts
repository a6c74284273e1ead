import { ValidationError } from '../errors/validation.error.js';

/** Far more than data have, and far less than the stack holds. */
const MAX_DEPTH = 200;

/**
 * The value as JSON, without anything that would come back as something else: a Date, a Map, a number that is none. What is
 * undefined in an object is left out, as JSON does.
 *
 * @param path - what the value is called in the error
 * @throws {@link ValidationError} that names the place of the first part that is no JSON
 */
export function jsonText(value: unknown, path: string): string {
  check(value, path, 0);
  return JSON.stringify(value);
}

function check(value: unknown, path: string, depth: number): void {
  switch (typeof value) {
    case 'string':
      checkCharacters(value, path);
      return;
    case 'boolean':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      throw refuse(path, `is ${value}, which JSON does not know.`);
    case 'object':
      if (value !== null) checkObject(value, path, depth);
      return;
    case 'bigint':
      throw refuse(path, 'is a bigint, which JSON does not know. Give its text.');
    default:
      throw refuse(path, `is of type ${typeof value}, which JSON does not know.`);
  }
}

function checkObject(value: object, path: string, depth: number): void {
  if (depth >= MAX_DEPTH)
    throw refuse(path, `lies more than ${MAX_DEPTH} levels deep, or leads back to what it is a part of.`);
  if (Array.isArray(value)) {
    // By index: a hole counts as undefined.
    for (let index = 0; index < value.length; index++) check(value[index], `${path}[${index}]`, depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const hint = value instanceof Date ? ' Give `toISOString()`.' : ' Give a plain object, or a text.';
    throw refuse(path, `is a ${value.constructor.name}, which would not come back as one.${hint}`);
  }
  if (typeof Reflect.get(value, 'toJSON') === 'function')
    throw refuse(path, 'has a method `toJSON`, so that something else would come back.');
  for (const [key, nested] of Object.entries(value)) {
    checkCharacters(key, `${path}.${key}`);
    if (nested !== undefined) check(nested, `${path}.${key}`, depth + 1);
  }
}

/**
 * Refuses a text that PostgreSQL cannot store, in JSON or by itself.
 *
 * @throws {@link ValidationError} for NUL and for half a character
 */
export function checkCharacters(text: string, path: string): void {
  if (text.includes('\0')) throw refuse(path, 'holds a NUL character, which PostgreSQL cannot store.');
  // What `isWellFormed` of ES2024 says; Node 20 has it, and the language level of the library does not.
  if (/\p{Surrogate}/u.test(text)) throw refuse(path, 'holds half a character (a lone surrogate).');
}

function refuse(path: string, problem: string): ValidationError {
  return new ValidationError(path, problem);
}

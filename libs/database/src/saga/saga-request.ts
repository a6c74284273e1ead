import { findJsonProblem } from '../common/json-value.js';
import { ValidationError } from '../errors/validation.error.js';

const MAX_KEY = 255;

/**
 * As it is kept in the journal; null where there is nothing.
 *
 * @throws {@link ValidationError} for what would come back as something else
 */
export function jsonOf(value: unknown, name: string): string | null {
  if (value === undefined) return null;
  const found = findJsonProblem(value);
  if (found === undefined) return JSON.stringify(value);
  const { path, problem } = found;
  throw new ValidationError(
    path === '' ? name : path.startsWith('[') ? `${name}${path}` : `${name}.${path}`,
    problem,
  );
}

/** @throws {@link ValidationError} for what is no key */
export function checkKey(key: unknown): string {
  if (typeof key !== 'string' || key === '' || key.length > MAX_KEY)
    throw new ValidationError('key', `is no text of 1 to ${MAX_KEY} characters.`);
  if (jsonProblem(key) !== undefined) throw new ValidationError('key', jsonProblem(key) ?? '');
  return key;
}

function jsonProblem(key: string): string | undefined {
  return findJsonProblem(key)?.problem;
}

import { findJsonProblem, findTextProblem } from '../common/json-value.js';
import { ValidationError } from '../errors/validation.error.js';

/**
 * The value as JSON, without anything that would come back as something else: a Date, a Map, a number that is none. What is
 * undefined in an object is left out, as JSON does.
 *
 * @param path - what the value is called in the error
 * @throws {@link ValidationError} that names the place of the first part that is no JSON
 */
export function jsonText(value: unknown, path: string): string {
  const found = findJsonProblem(value);
  if (found === undefined) return JSON.stringify(value);
  const place = found.path === '' || found.path.startsWith('[') ? found.path : `.${found.path}`;
  throw new ValidationError(path + place, found.problem);
}

/**
 * Refuses a text that PostgreSQL cannot store, in JSON or by itself.
 *
 * @throws {@link ValidationError} for NUL and for half a character
 */
export function checkCharacters(text: string, path: string): void {
  const problem = findTextProblem(text);
  if (problem !== undefined) throw new ValidationError(path, problem);
}

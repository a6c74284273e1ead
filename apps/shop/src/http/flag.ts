import { badFields } from './field-problems.js';

/** A parameter that says yes or no; no where it is absent. */
export function readFlag(query: Readonly<Record<string, unknown>>, name: string): boolean {
  const value = query[name];
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw badFields([{ path: name, problems: ['must be true or false'] }]);
}

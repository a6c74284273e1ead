import type { OptionValidator } from './option-validator.js';

const SCHEMA = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;
// The server replaces other characters by "?" and cuts the rest off; both would show in pg_stat_activity only.
const APPLICATION_NAME = /^[\x20-\x7e]{1,63}$/;

/** A schema's name, which goes into SQL and into the settings of the session. */
export function readSchema(value: unknown, path: string, validator: OptionValidator): string | undefined {
  const schema = validator.text(value, path, undefined);
  if (schema === undefined || SCHEMA.test(schema)) return schema;
  validator.reject(path, 'is no plain identifier (letters, digits, "_", "$", at most 63).');
  return undefined;
}

/** A name for `pg_stat_activity`. */
export function readApplicationName(
  value: unknown,
  path: string,
  validator: OptionValidator,
): string | undefined {
  const name = validator.text(value, path, undefined);
  if (name === undefined || APPLICATION_NAME.test(name)) return name;
  validator.reject(path, 'is no text of at most 63 printable ASCII characters.');
  return undefined;
}

import { InvalidOptionsError } from '../config/config.errors.js';

/** What PostgreSQL keeps of a name; it would cut off the rest without a word and might then mean another table. */
const MAX_BYTES = 63;
const SUBJECT = 'A name in SQL';

/**
 * Refuses what cannot be the name of a table or column exactly as it is written.
 *
 * @throws {@link InvalidOptionsError} for anything but a text of 1 to 63 bytes without NUL
 */
export function checkIdentifier(name: unknown, path: string): string {
  if (typeof name !== 'string') {
    throw InvalidOptionsError.at(
      SUBJECT,
      path,
      `is ${describe(name)}, where the name of a table or column is expected.`,
    );
  }
  if (name === '')
    throw InvalidOptionsError.at(SUBJECT, path, 'is empty, where the name of a table or column is expected.');
  if (name.includes('\0'))
    throw InvalidOptionsError.at(SUBJECT, path, 'holds a NUL character, which no name can have.');
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_BYTES) {
    throw InvalidOptionsError.at(
      SUBJECT,
      path,
      `is a name of ${bytes} bytes; PostgreSQL keeps ${MAX_BYTES} and would cut off the rest.`,
    );
  }
  return name;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'an object'
      : `of type ${typeof value}`;
}

/** A name as it stands in SQL, whatever it holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The name of a table or column, for {@link Database.sql} and for the query builder where a name holds a dot.
 *
 * Only the library makes them: an object that came out of `JSON.parse` is never one.
 *
 * @public
 */
export class SqlIdentifier {
  readonly #parts: readonly string[];

  /** @internal */
  constructor(parts: readonly unknown[], path: string) {
    if (parts.length === 0) throw InvalidOptionsError.at(SUBJECT, path, 'needs at least one name.');
    this.#parts = parts.map((part) => checkIdentifier(part, path));
  }

  /**
   * Whether a value is one, which is not a question of its shape.
   *
   * @internal
   */
  static is(value: unknown): value is SqlIdentifier {
    return typeof value === 'object' && value !== null && #parts in value;
  }

  /** The names as they were given, such as `['public', 'product']`. */
  get parts(): readonly string[] {
    return this.#parts;
  }

  /** As it stands in SQL: each name in double quotes. */
  toString(): string {
    return this.#parts.map(quoteIdentifier).join('.');
  }
}

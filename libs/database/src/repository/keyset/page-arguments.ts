import { InvalidOptionsError } from '../../config/config.errors.js';
import { ValidationError } from '../../errors/validation.error.js';
import { refuseUndefinedFilters, type Arguments } from '../defined-filters.js';
import { isPlainObject } from '../record-id.js';

/** Which page was asked for. */
export interface PageArguments {
  readonly isForward: boolean;
  readonly size: number;
  /** Where the page begins, seen in its direction. */
  readonly cursor: { readonly text: string; readonly path: string } | undefined;
  readonly where: Arguments | undefined;
  readonly orderBy: unknown;
  /** `select`, `include` and `omit`, as far as they are given. */
  readonly shape: Arguments;
  readonly withTotal: boolean;
}

const SHAPE = ['select', 'include', 'omit'] as const;
const KNOWN = new Set<string>([
  'first',
  'after',
  'last',
  'before',
  'where',
  'orderBy',
  'withTotal',
  ...SHAPE,
]);

/**
 * Checks what `paginate` was given.
 *
 * @throws {@link ValidationError} that names the argument whose value cannot be used
 * @throws {@link InvalidOptionsError} for an argument that is not known
 */
export function readPageArguments(operation: string, args: unknown, maxPageSize: number): PageArguments {
  const given = readArguments(operation, args, KNOWN);
  refuseUndefinedFilters(given);
  const { first, after, last, before } = given;
  if ((first === undefined) === (last === undefined)) {
    throw new ValidationError(
      first === undefined ? 'first' : 'last',
      first === undefined
        ? 'is missing. Give `first`, or `last` to read from the end: how many records a page has.'
        : 'cannot be given together with `first`. Give one of them.',
    );
  }
  const isForward = first !== undefined;
  const [cursor, path, other] = isForward ? [after, 'after', 'before'] : [before, 'before', 'after'];
  if (given[other] !== undefined && given[other] !== null) {
    throw new ValidationError(
      other,
      `does not belong to \`${isForward ? 'first' : 'last'}\`. Give \`after\` with \`first\`, or \`before\` with \`last\`.`,
    );
  }
  return {
    isForward,
    size: readCount(isForward ? first : last, isForward ? 'first' : 'last', maxPageSize),
    cursor: readCursorText(cursor, path),
    ...readQuery(given),
    withTotal: readFlag(given.withTotal, 'withTotal', false),
  };
}

/** @throws {@link InvalidOptionsError} for an argument that is not known, which is the program's mistake */
export function readArguments(operation: string, args: unknown, known: ReadonlySet<string>): Arguments {
  if (!isPlainObject(args)) throw InvalidOptionsError.at(operation, 'args', 'is no object of arguments.');
  for (const key of Object.keys(args)) {
    if (!known.has(key)) {
      throw InvalidOptionsError.at(
        operation,
        key,
        `is not a known argument. Known are: ${[...known].join(', ')}.`,
      );
    }
  }
  return args;
}

/** What both kinds of pages take of Prisma's arguments. */
export function readQuery(given: Arguments): Pick<PageArguments, 'where' | 'orderBy' | 'shape'> {
  const { where, orderBy } = given;
  if (where !== undefined && !isPlainObject(where)) {
    throw new ValidationError('where', 'is no condition. Give an object, or leave it out.');
  }
  const shape = Object.fromEntries(
    SHAPE.flatMap((key) => (given[key] === undefined ? [] : [[key, given[key]]])),
  );
  return { where, orderBy, shape };
}

export function readCount(value: unknown, path: string, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new ValidationError(path, `is no integer in [1, ${max}].`);
}

export function readFlag(value: unknown, path: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw new ValidationError(path, 'is neither true nor false.');
}

/** GraphQL gives null for an argument that was left out. */
function readCursorText(value: unknown, path: string): PageArguments['cursor'] {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return { text: value, path };
  throw new ValidationError(path, 'is no text. Give `endCursor` or `startCursor` of another page.');
}

import { InvalidOptionsError } from '../config/config.errors.js';
import { ValidationError } from '../errors/validation.error.js';
import { refuseUndefinedFilters, type Arguments } from './defined-filters.js';

const SUBJECT = 'A write of many records';
const EVERY_RECORD =
  'which would be every record of the table. Give a condition, or `all: true` in its place';

/**
 * The arguments of a bulk write for Prisma, once it is clear which records are meant.
 *
 * @throws {@link ValidationError} for a `where` that every record satisfies
 * @throws {@link InvalidOptionsError} for neither a `where` nor `all: true`, and where both are given
 */
export function targetOfMany({ all, ...args }: Arguments): Arguments {
  // Undefined has a better message of its own.
  refuseUndefinedFilters(args);
  if ('limit' in args && args.limit === undefined) {
    throw new ValidationError(
      'limit',
      'is undefined, which would be none. Give a number, or leave the key out; nothing was sent.',
    );
  }
  if (all === true) {
    if (!('where' in args)) return args;
    throw InvalidOptionsError.at(SUBJECT, 'all', 'stands beside `where`. Give one of the two.');
  }
  if (all !== undefined && all !== false) {
    throw InvalidOptionsError.at(SUBJECT, 'all', 'is neither true nor false.');
  }
  if (!('where' in args)) throw InvalidOptionsError.at(SUBJECT, 'where', `is missing, ${EVERY_RECORD}.`);
  // What it holds may come from a request, and so may its holding nothing.
  if (isSatisfiedByAll(args.where)) {
    throw new ValidationError('where', `is empty, ${EVERY_RECORD}; nothing was sent.`);
  }
  return args;
}

/** Whether a condition leaves nothing out, whichever way that is written. `where` may come from a request. */
function isSatisfiedByAll(where: unknown): boolean {
  if (typeof where !== 'object' || where === null) return true;
  if (Array.isArray(where)) return where.every(isSatisfiedByAll);
  for (const key in where) {
    if (!isEmptyCondition(key, (where as Arguments)[key])) return false;
  }
  // Of `Prisma.skip` there is nothing to see either, and it stands for no condition.
  return true;
}

function isEmptyCondition(key: string, condition: unknown): boolean {
  if (condition === null && LOGICAL.has(key)) return true;
  if (typeof condition !== 'object' || condition === null) return false;
  switch (key) {
    case 'AND':
    case 'NOT':
    case 'every':
    case 'is':
    case 'isNot':
      return isSatisfiedByAll(condition);
    case 'OR':
      // An empty list is satisfied by none, and so by no mistake.
      return Array.isArray(condition) && condition.length > 0 && condition.some(isSatisfiedByAll);
    case 'notIn':
      return Array.isArray(condition) && condition.length === 0;
    case 'some':
    case 'none':
      return false;
    default:
      return !Array.isArray(condition) && !isValue(condition) && isSatisfiedByAll(condition);
  }
}

/** Whose null is no condition, whatever Prisma may make of it. */
const LOGICAL = new Set(['AND', 'OR', 'NOT']);

/** Values that are objects in JavaScript, and not conditions. */
function isValue(condition: object): boolean {
  return (
    condition instanceof Date ||
    ArrayBuffer.isView(condition) ||
    ('toFixed' in condition && typeof condition.toFixed === 'function') ||
    ('toJSON' in condition && typeof condition.toJSON === 'function')
  );
}

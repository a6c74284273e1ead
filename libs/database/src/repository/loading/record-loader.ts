import { InvalidOptionsError } from '../../config/config.errors.js';
import { partsOf } from '../../query/database.js';
import { cancellationSignal, cancelOnAbort, unlessAborted } from '../../resilience/cancel-on-abort.js';
import { scopeOf } from '../../transaction/scope-of.js';
import { refuseUndefined, type Arguments } from '../defined-filters.js';
import { isPlainObject, whereOf } from '../record-id.js';
import type { RepositoryContext } from '../repository-context.js';
import { readKey, readUniqueKey, type BatchKey } from './batch-key.js';
import { Batcher } from './batcher.js';
import { canonicalText } from './canonical-text.js';
import { copyRecord } from './copy-record.js';
import { KeyQuery, type KeyQuestion } from './key-query.js';

/** One statement's worth of keys: far below what a statement can carry, and more than a page ever has. */
const MAX_BATCH = 10_000;
/** Compound keys become one OR with a branch for each. */
const MAX_COMPOUND_BATCH = 500;
/** Two, so that one slow statement does not hold up everybody. */
const MAX_IN_FLIGHT = 2;
const MAX_QUEUED = 20_000;

const LIST_ARGUMENTS = new Set(['where', 'orderBy', 'select', 'include', 'omit']);

type Lane = Batcher<BatchKey, unknown>;
type Lanes = Map<string, Lane>;

/**
 * What separates callers whose keys must not share a statement, as the repository says it; null: nothing does; undefined:
 * nobody has said so.
 */
export type LoadBoundary = string | null | undefined;

/**
 * Loads records by key, so that calls that come together become one statement. Nothing is kept beyond it.
 *
 * Calls share a statement only where one could not tell their answers from those of calls on their own: same model of the
 * same connection, same transaction, same shape, same boundary.
 */
export class RecordLoader {
  private readonly outside: Lanes = new Map();
  private readonly ofTransactions = new WeakMap<object, Lanes>();

  constructor(private readonly context: RepositoryContext) {}

  load(id: unknown, shape: Arguments | undefined, boundary: LoadBoundary): Promise<unknown> {
    return this.one(whereOf(id, this.context.fields), shape, boundary, 'load');
  }

  async loadMany(ids: unknown, shape: Arguments | undefined, boundary: LoadBoundary): Promise<unknown[]> {
    if (!Array.isArray(ids)) throw this.refusal('loadMany', 'ids', 'is no array.');
    const records: unknown[] = [];
    // As many at a time as one statement carries, so that a long list is not refused as too much work.
    for (let start = 0; start < ids.length; start += MAX_BATCH) {
      const slice = ids.slice(start, start + MAX_BATCH);
      const wheres = slice.map((id, index) => whereOf(id, this.context.fields, `ids.${start + index}`));
      const loads = wheres.map(async (where) => await this.one(where, shape, boundary, 'loadMany'));
      records.push(...(await Promise.all(loads)));
    }
    return records;
  }

  loadBy(
    key: string,
    value: unknown,
    shape: Arguments | undefined,
    boundary: LoadBoundary,
  ): Promise<unknown> {
    refuseUndefined(value, key);
    return this.one({ [key]: value }, shape, boundary, 'loadBy');
  }

  loadAllBy(
    field: string,
    value: unknown,
    args: Arguments | undefined,
    boundary: LoadBoundary,
  ): Promise<unknown> {
    const method = 'loadAllBy';
    const { context } = this;
    this.checkListArguments(field, value, args);
    const findAll = (equals: unknown, given: Arguments | undefined) => {
      const { where: filter, ...shape } = given ?? {};
      const condition = { [field]: { equals } };
      const where = context.scopedWhere(filter === undefined ? condition : { AND: [condition, filter] });
      return context.call('findMany', { ...shape, where }, method);
    };
    const key = readKey([[field, value]], context.fields, '');
    const lane =
      key &&
      this.lane(`${method}:${field}`, args, boundary, 1, (shape) => ({
        wanted: 'list',
        method,
        shape: shape ?? {},
        alone: ({ record }) => findAll(record[field], shape),
      }));
    return key === undefined || lane === undefined ? findAll(value, args) : waitFor(lane.load(key));
  }

  /** What the types refuse as well: a list has the records of many owners, so a part of it is no one's part. */
  private checkListArguments(field: string, value: unknown, args: unknown): void {
    const method = 'loadAllBy';
    if (!Object.hasOwn(this.context.fields, field))
      throw this.refusal(method, 'field', 'is no column of the model.');
    refuseUndefined(value, field);
    if (value === null)
      throw this.refusal(method, 'value', 'is null, which names no owner. Use `findMany` for such records.');
    if (args === undefined) return;
    if (!isPlainObject(args)) throw this.refusal(method, 'args', 'is no object of arguments.');
    const unknown = Object.keys(args).find((key) => !LIST_ARGUMENTS.has(key));
    if (unknown !== undefined) {
      throw this.refusal(
        method,
        unknown,
        `is no argument of it, which takes ${[...LIST_ARGUMENTS].join(', ')}. Use \`findMany\` or \`paginate\` for a part of the records of one owner.`,
      );
    }
  }

  /** For a mistake in the program, which nobody who sends requests can make. */
  private refusal(method: string, path: string, problem: string): InvalidOptionsError {
    return InvalidOptionsError.at(`${this.context.model}.${method}`, path, problem);
  }

  private one(
    where: Arguments,
    given: Arguments | undefined,
    boundary: LoadBoundary,
    method: string,
  ): Promise<unknown> {
    const { context } = this;
    const find = (unique: Arguments, shape: Arguments | undefined) => {
      const scoped = context.scopedWhere(unique);
      return context.call('findUnique', { ...shape, where: scoped }, method);
    };
    const key = readUniqueKey(where, context.fields);
    const [name = ''] = Object.keys(where);
    const lane =
      key &&
      this.lane(`one:${name}:${key.fields.join()}`, given, boundary, key.fields.length, (shape) => ({
        wanted: 'one',
        method,
        shape: shape ?? {},
        alone: ({ record }) => find(name in record ? record : { [name]: record }, shape),
      }));
    return key === undefined || lane === undefined ? find(where, given) : waitFor(lane.load(key));
  }

  /** Undefined where calls cannot share a statement. */
  private lane(
    kind: string,
    given: Arguments | undefined,
    boundary: LoadBoundary,
    fieldCount: number,
    question: (shape: Arguments | undefined) => KeyQuestion,
  ): Lane | undefined {
    const { context } = this;
    if (boundary === undefined && !context.isPlain) return undefined;
    const shapeText = given === undefined ? '' : canonicalText(given);
    if (shapeText === undefined) return undefined;
    const isUsual = shapeText === '' && typeof boundary !== 'string';
    const name = isUsual ? kind : JSON.stringify([kind, boundary, shapeText]);
    const scope = scopeOf(partsOf(context.db).transactions);
    const lanes = this.lanesOf(scope);
    const existing = lanes.get(name);
    if (existing !== undefined) return existing;
    // A copy: whoever gave it may change it before the statement is sent.
    const asked = question(copyRecord(given) as Arguments | undefined);
    // A transaction that has met an error takes no further statement.
    const query = new KeyQuery(context, asked, scope === undefined);
    const lane: Lane = new Batcher(
      {
        operation: `${context.model}.${asked.method}`,
        maxBatchSize: fieldCount === 1 ? MAX_BATCH : MAX_COMPOUND_BATCH,
        maxInFlight: scope === undefined ? MAX_IN_FLIGHT : 1,
        maxQueued: MAX_QUEUED,
      },
      scope === undefined
        ? {
            one: (key) => forEverybody(() => asked.alone(key)),
            many: (keys) => forEverybody(() => query.answer(keys)),
          }
        : { one: asked.alone, many: (keys) => query.answer(keys) },
      // Shapes may hold dates and other values of the moment: only the usual one is kept.
      () => {
        if (!isUsual) lanes.delete(name);
      },
    );
    lanes.set(name, lane);
    return lane;
  }

  private lanesOf(scope: object | undefined): Lanes {
    if (scope === undefined) return this.outside;
    const existing = this.ofTransactions.get(scope);
    if (existing !== undefined) return existing;
    const lanes: Lanes = new Map();
    this.ofTransactions.set(scope, lanes);
    return lanes;
  }
}

/** The answer belongs to several callers, of whom one may go away. */
function forEverybody<Result>(work: () => Promise<Result>): Promise<Result> {
  return cancellationSignal() === undefined ? work() : cancelOnAbort(undefined, work);
}

/** No further promise for a caller who cannot go away. */
function waitFor<Result>(shared: Promise<Result>): Promise<Result> {
  return cancellationSignal() === undefined ? shared : unlessAborted(shared);
}

import { ValidationError } from '../../errors/validation.error.js';
import { partsOf } from '../../query/database.js';
import { cancelOnAbort, unlessAborted } from '../../resilience/cancel-on-abort.js';
import { refuseUndefined, type Arguments } from '../defined-filters.js';
import { whereOf } from '../record-id.js';
import type { Delegate, RepositoryContext } from '../repository-context.js';
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

type Lane = Batcher<BatchKey, unknown>;

/**
 * What separates callers whose keys must not share a statement, as the repository says it; null: nothing does; undefined:
 * nobody has said so.
 */
export type LoadBoundary = string | null | undefined;

/**
 * Loads records by key, so that the calls of one turn of the event loop become one statement. Nothing is kept beyond it.
 *
 * Calls share a statement only where one could not tell their answers from those of calls on their own: same model of the
 * same connection, same transaction, same shape, same boundary.
 */
export class RecordLoader {
  /** By delegate, of which each transaction has its own. */
  private readonly lanes = new WeakMap<Delegate, Map<string, Lane>>();

  constructor(private readonly context: RepositoryContext) {}

  async load(id: unknown, shape: Arguments | undefined, boundary: LoadBoundary): Promise<unknown> {
    return await this.one(whereOf(id, this.context.fields), shape, boundary, 'load');
  }

  async loadMany(
    ids: readonly unknown[],
    shape: Arguments | undefined,
    boundary: LoadBoundary,
  ): Promise<unknown[]> {
    const records: unknown[] = [];
    // As many at a time as one statement carries, so that a long list is not refused as too much work.
    for (let start = 0; start < ids.length; start += MAX_BATCH) {
      const slice = ids.slice(start, start + MAX_BATCH);
      const loads = slice.map((id) =>
        this.one(whereOf(id, this.context.fields), shape, boundary, 'loadMany'),
      );
      records.push(...(await Promise.all(loads)));
    }
    return records;
  }

  async loadBy(
    key: string,
    value: unknown,
    shape: Arguments | undefined,
    boundary: LoadBoundary,
  ): Promise<unknown> {
    refuseUndefined(value, key);
    return await this.one({ [key]: value }, shape, boundary, 'loadBy');
  }

  async loadAllBy(
    field: string,
    value: unknown,
    args: Arguments = {},
    boundary: LoadBoundary,
  ): Promise<unknown> {
    const method = 'loadAllBy';
    refuseUndefined(value, field);
    const { context } = this;
    const { delegate } = context;
    if (delegate.fields[field] === undefined) throw new ValidationError(field, 'is no column of the model.');
    if (value === null)
      throw new ValidationError(field, 'is null, which names no owner. Use findMany for such records.');
    const findAll = (equals: unknown, { where: filter, ...shape }: Arguments) => {
      const condition = { [field]: { equals } };
      const where = context.scopedWhere(filter === undefined ? condition : { AND: [condition, filter] });
      return context.call('findMany', { ...shape, where }, method);
    };
    const key = readKey([[field, value]], delegate, '');
    const lane =
      key &&
      this.lane(delegate, `${method}:${field}`, args, boundary, (shape) => ({
        wanted: 'list',
        method,
        shape,
        alone: ({ values }) => findAll(values[0], shape),
      }));
    return await (key === undefined || lane === undefined
      ? findAll(value, args)
      : unlessAborted(lane.load(key)));
  }

  private async one(
    where: Arguments,
    given: Arguments | undefined,
    boundary: LoadBoundary,
    method: string,
  ): Promise<unknown> {
    const { context } = this;
    const { delegate } = context;
    const find = (unique: Arguments, shape: Arguments | undefined) =>
      context.call('findUnique', { ...shape, where: context.scopedWhere(unique) }, method);
    const key = readUniqueKey(where, delegate);
    const [name = ''] = Object.keys(where);
    const lane =
      key &&
      this.lane(
        delegate,
        `one:${name}:${key.fields.join()}`,
        given ?? {},
        boundary,
        (shape) => ({
          wanted: 'one',
          method,
          shape,
          alone: ({ fields, values }) => find(uniqueWhere(name, fields, values), shape),
        }),
        key.fields.length,
      );
    return await (key === undefined || lane === undefined
      ? find(where, given)
      : unlessAborted(lane.load(key)));
  }

  /** Undefined where calls cannot share a statement. */
  private lane(
    delegate: Delegate,
    kind: string,
    given: Arguments,
    boundary: LoadBoundary,
    question: (shape: Arguments) => KeyQuestion,
    fieldCount = 1,
  ): Lane | undefined {
    if (boundary === undefined && this.mayDependOnCaller()) return undefined;
    const shapeText = canonicalText(given);
    if (shapeText === undefined) return undefined;
    const name = JSON.stringify([kind, boundary, shapeText]);
    const lanes = this.lanesOf(delegate);
    const existing = lanes.get(name);
    if (existing !== undefined) return existing;
    const { context } = this;
    const inTransaction = partsOf(context.db).transactions.isActive();
    // A copy: whoever gave it may change it before the statement is sent.
    const asked = question(copyRecord(given) as Arguments);
    // A transaction that has met an error takes no further statement.
    const query = new KeyQuery(context, asked, !inTransaction);
    const lane: Lane = new Batcher(
      {
        operation: `${context.model}.${asked.method}`,
        maxBatchSize: fieldCount === 1 ? MAX_BATCH : MAX_COMPOUND_BATCH,
        maxInFlight: inTransaction ? 1 : MAX_IN_FLIGHT,
        maxQueued: MAX_QUEUED,
      },
      // The answer belongs to several callers, of whom one may go away.
      (keys) => (inTransaction ? query.answer(keys) : cancelOnAbort(undefined, () => query.answer(keys))),
      // Shapes may hold dates and other values of the moment: only the usual one is kept.
      () => {
        if (shapeText !== '{}') lanes.delete(name);
      },
    );
    lanes.set(name, lane);
    return lane;
  }

  private lanesOf(delegate: Delegate): Map<string, Lane> {
    const existing = this.lanes.get(delegate);
    if (existing !== undefined) return existing;
    const lanes = new Map<string, Lane>();
    this.lanes.set(delegate, lanes);
    return lanes;
  }

  /**
   * Whether the answer may depend on who asks, which a statement for several callers cannot follow: an extension of the
   * client may add the caller's tenant to every query.
   */
  private mayDependOnCaller(): boolean {
    const extensions: unknown = Reflect.get(this.context.prisma.client, '_extensions');
    const known = extensions as { isEmpty?: () => boolean } | null | undefined;
    return known?.isEmpty?.() !== true;
  }
}

function uniqueWhere(name: string, fields: readonly string[], values: readonly unknown[]): Arguments {
  const [field] = fields;
  if (fields.length === 1 && field === name) return { [name]: values[0] };
  return { [name]: Object.fromEntries(fields.map((each, index) => [each, values[index]])) };
}

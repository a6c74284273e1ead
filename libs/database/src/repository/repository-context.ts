import { isPlainClient } from '../client/client-extensions.js';
import type { PrismaService } from '../client/prisma.service.js';
import { systemClock, type Clock } from '../common/clock.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import { classifyFault, translateError } from '../fault/translate-error.js';
import type { Database } from '../query/database.js';
import { constraintFields, knowTable } from './constraint-fields.js';
import { refuseUndefinedFilters, type Arguments } from './defined-filters.js';
import { narrowedWhere } from './narrowed-where.js';
import { rejected, startQuery } from './start-query.js';
import { resolveTraits, type ResolvedTraits, type TraitOptions } from './resolved-traits.js';

/** What a repository asks of Prisma's delegate. */
export type DelegateOperation =
  | 'findUnique'
  | 'findFirst'
  | 'findMany'
  | 'create'
  | 'createMany'
  | 'createManyAndReturn'
  | 'update'
  | 'updateMany'
  | 'updateManyAndReturn'
  | 'upsert'
  | 'delete'
  | 'deleteMany'
  | 'count'
  | 'aggregate'
  | 'groupBy';

const READS = new Set<DelegateOperation>([
  'findUnique',
  'findFirst',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
]);

/** Prisma's delegate of a model, as far as the repository knows it. */
export type Delegate = Readonly<Record<DelegateOperation, (args?: Arguments) => Promise<unknown>>> & {
  readonly fields: Readonly<
    Record<string, { readonly typeName: string; readonly isList?: boolean; readonly isEnum?: boolean }>
  >;
};

/** What a subclass may override. */
export interface RepositoryHooks {
  validateCreateData(data: unknown): unknown;
  validateUpdateData(data: unknown): unknown;
  loadBoundary(): string | null | undefined;
}

/** Which records a repository with soft delete sees. */
export type Scope = 'living' | 'all' | 'deleted';

/**
 * What every part of a repository works with: the model, the client, and the one way by which calls reach the database.
 * A part is a function of a context, so that it can be read, tested and replaced on its own.
 */
export class RepositoryContext {
  readonly traits: ResolvedTraits;
  /** The scalar fields of the model by their names. */
  readonly fields: Delegate['fields'];
  readonly #options: TraitOptions;
  readonly #client: object;
  /** Whether the client has no extensions, which may add to a query what belongs to its caller. */
  readonly isPlain: boolean;

  constructor(
    readonly model: string,
    readonly prisma: PrismaService,
    readonly db: Database,
    readonly hooks: RepositoryHooks,
    options: TraitOptions = {},
    readonly scope: Scope = 'living',
    readonly clock: Clock = systemClock,
  ) {
    this.#options = options;
    this.#client = prisma.client;
    this.isPlain = isPlainClient(this.#client);
    // Copied, as Prisma's object says of every key that it has it.
    const { fields } = this.delegate;
    this.fields = Object.fromEntries(
      Object.keys(fields).map((name) => [name, fields[name] ?? { typeName: '' }]),
    );
    this.traits = resolveTraits(model, options, this.fields);
  }

  /** Read afresh for every call: which connection it speaks to depends on the caller's transaction. */
  get delegate(): Delegate {
    const delegate: unknown = Reflect.get(this.#client, this.model);
    if (typeof delegate === 'object' && delegate !== null) return delegate as Delegate;
    throw new InvalidOptionsError(`RepositoryFor('${this.model}')`, [
      { path: 'model', problem: `is "${this.model}", which the client does not have.` },
    ]);
  }

  /** The same for other records. */
  inScope(scope: Scope): RepositoryContext {
    const { model, prisma, db, hooks, clock } = this;
    return new RepositoryContext(model, prisma, db, hooks, this.#options, scope, clock);
  }

  /**
   * The condition that a caller gave, narrowed to the records this repository sees. Every statement a part builds by
   * itself goes through it. The condition itself is Prisma's to check.
   */
  scopedWhere(where?: Arguments): Arguments | undefined {
    const { softDelete } = this.traits;
    if (softDelete === undefined || this.scope === 'all') return where;
    return narrowedWhere(where, softDelete, this.scope === 'living' ? null : { not: null });
  }

  /** The arguments of a read with its condition narrowed. */
  scoped(args: Arguments | undefined): Arguments | undefined {
    if (this.traits.softDelete === undefined || this.scope === 'all') return args;
    // Undefined in place of a condition is refused, and not replaced.
    if (args !== undefined && 'where' in args && args.where === undefined) return args;
    return { ...args, where: this.scopedWhere(args?.where as Arguments | undefined) };
  }

  /**
   * The one way to the database: refuses `undefined` in the conditions, asks, and translates what goes wrong.
   *
   * One promise and no `async`: this is on the path of every call, and each further promise is felt.
   *
   * @param method - the repository's method, for the error; the operation unless given
   * @param key - what the caller named the record by, for the error; the condition unless given
   */
  call(
    operation: DelegateOperation,
    args?: Arguments,
    method: string = operation,
    key: unknown = args?.where,
  ): Promise<unknown> {
    try {
      if (args !== undefined) refuseUndefinedFilters(args);
      const { delegate } = this;
      const query = this.isPlain ? startQuery(delegate, operation, args) : delegate[operation](args);
      return query.then(undefined, async (error: unknown) => {
        await knowTable(this.db, this.model, error);
        throw this.translate(error, operation, method, key);
      });
    } catch (error) {
      return rejected(error);
    }
  }

  private translate(error: unknown, operation: DelegateOperation, method: string, key: unknown): unknown {
    const { source } = classifyFault(error);
    // What neither Prisma nor the server said comes from an extension of the client, which is the application's.
    if (source === 'unknown' || source === 'network') return error;
    const translated = translateError(error, {
      operation: `${this.model}.${method}`,
      access: READS.has(operation) ? 'read' : 'write',
      fieldsOf: (violation) => constraintFields(this.db, this.model, violation),
    });
    if (!(translated instanceof RecordNotFoundError)) return translated;
    return new RecordNotFoundError(this.model, method, key, { cause: error });
  }
}

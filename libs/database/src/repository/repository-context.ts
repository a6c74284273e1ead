import type { PrismaService } from '../client/prisma.service.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import { classifyFault, translateError } from '../fault/translate-error.js';
import type { Database } from '../query/database.js';
import { refuseUndefinedFilters, type Arguments } from './defined-filters.js';

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

/**
 * What every part of a repository works with: the model, the client, and the one way by which calls reach the database.
 * A part is a function of a context, so that it can be read, tested and replaced on its own.
 */
export class RepositoryContext {
  constructor(
    readonly model: string,
    readonly prisma: PrismaService,
    readonly db: Database,
  ) {}

  /** Read afresh for every call: which connection it speaks to depends on the caller's transaction. */
  get delegate(): Delegate {
    const delegate: unknown = Reflect.get(this.prisma.client, this.model);
    if (typeof delegate === 'object' && delegate !== null) return delegate as Delegate;
    throw new InvalidOptionsError(`RepositoryFor('${this.model}')`, [
      { path: 'model', problem: `is "${this.model}", which the client does not have.` },
    ]);
  }

  /**
   * The condition that a caller gave, narrowed to the records this repository sees. Every statement a part builds by
   * itself goes through it.
   */
  scopedWhere(where?: Arguments): Arguments | undefined {
    return where;
  }

  /**
   * The one way to the database: refuses `undefined` in the conditions, asks, and translates what goes wrong.
   *
   * @param method - the repository's method, for the error; the operation unless given
   */
  async call(operation: DelegateOperation, args?: Arguments, method: string = operation): Promise<unknown> {
    if (args !== undefined) refuseUndefinedFilters(args);
    try {
      return await this.delegate[operation](args);
    } catch (error) {
      throw this.translate(error, operation, args, method);
    }
  }

  private translate(
    error: unknown,
    operation: DelegateOperation,
    args: Arguments | undefined,
    method: string,
  ): unknown {
    const { source } = classifyFault(error);
    // What neither Prisma nor the server said comes from an extension of the client, which is the application's.
    if (source === 'unknown' || source === 'network') return error;
    const translated = translateError(error, {
      operation: `${this.model}.${method}`,
      access: READS.has(operation) ? 'read' : 'write',
    });
    if (!(translated instanceof RecordNotFoundError)) return translated;
    return new RecordNotFoundError(this.model, method, args?.where, { cause: error });
  }
}

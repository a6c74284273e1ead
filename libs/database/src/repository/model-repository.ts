import type { PrismaService } from '../client/prisma.service.js';
import type { Database } from '../query/database.js';
import { bulkInsert } from './bulk/bulk-insert.js';
import { bulkUpsert } from './bulk/bulk-upsert.js';
import type { Arguments } from './defined-filters.js';
import { findByIds } from './find-by-ids.js';
import { paginateByOffset } from './keyset/paginate-by-offset.js';
import { paginate } from './keyset/paginate.js';
import { RecordLoader, type LoadBoundary } from './loading/record-loader.js';
import { exists, findById, getById, getOne } from './reads.js';
import { RepositoryContext, type Delegate, type RepositoryHooks, type Scope } from './repository-context.js';
import type { TraitOptions } from './resolved-traits.js';
import { rejected } from './start-query.js';
import { deleteMany, deleteOne, markOf, restore } from './soft-delete.js';
import { create, createMany, remove, removeMany, update, updateMany, upsert } from './writes.js';

// Symbols, so that a subclass may have a `context` of its own.
const CONTEXT = Symbol('database:repository-context');
const MADE = Symbol('database:repository-context-made');
const LOADER = Symbol('database:repository-loader');
const LOADER_MADE = Symbol('database:repository-loader-made');
const SCOPED = Symbol('database:repository-scoped');

/** Under which a repository class carries its options. */
export const OPTIONS = Symbol('database:repository-options');

/**
 * What all repositories do, written once without types; `Repository` is its typed face. Whatever takes more than a line
 * is a function of the context in a file of its own.
 */
export abstract class ModelRepository implements RepositoryHooks {
  abstract readonly model: string;
  protected abstract readonly prisma: PrismaService;
  protected abstract readonly db: Database;
  readonly [OPTIONS]: TraitOptions = {};
  [MADE]: RepositoryContext | undefined;
  private [LOADER_MADE]: RecordLoader | undefined;
  /** One for each scope, so that the loads of two calls of `withDeleted()` can share a statement. */
  private readonly [SCOPED] = new Map<Scope, ModelRepository>();

  get delegate(): Delegate {
    return this[CONTEXT].delegate;
  }

  // On the path of every request, so without a promise of its own.
  findById(id: unknown, shape?: Arguments): Promise<unknown> {
    try {
      return findById(this[CONTEXT], id, shape);
    } catch (error) {
      return rejected(error);
    }
  }

  async getById(id: unknown, shape?: Arguments): Promise<unknown> {
    return getById(this[CONTEXT], id, shape);
  }

  async findByIds(ids: unknown, shape?: Arguments): Promise<unknown> {
    return findByIds(this[CONTEXT], ids, shape);
  }

  async findOne(args?: Arguments): Promise<unknown> {
    const context = this[CONTEXT];
    return context.call('findFirst', context.scoped(args), 'findOne');
  }

  async getOne(args?: Arguments): Promise<unknown> {
    return getOne(this[CONTEXT], args);
  }

  findMany(args?: Arguments): Promise<unknown> {
    try {
      const context = this[CONTEXT];
      return context.call('findMany', context.scoped(args));
    } catch (error) {
      return rejected(error);
    }
  }

  async paginate(args: Arguments): Promise<unknown> {
    return paginate(this[CONTEXT], args);
  }

  async paginateByOffset(args: Arguments): Promise<unknown> {
    return paginateByOffset(this[CONTEXT], args);
  }

  async create(args: Arguments): Promise<unknown> {
    return create(this[CONTEXT], args);
  }

  async createMany(args: Arguments): Promise<unknown> {
    return createMany(this[CONTEXT], args);
  }

  async update(args: Arguments): Promise<unknown> {
    return update(this[CONTEXT], args);
  }

  async updateMany(args: Arguments): Promise<unknown> {
    return updateMany(this[CONTEXT], args);
  }

  async upsert(args: Arguments): Promise<unknown> {
    return upsert(this[CONTEXT], args);
  }

  async delete(args: Arguments): Promise<unknown> {
    return deleteOne(this[CONTEXT], args);
  }

  async deleteMany(args: Arguments): Promise<unknown> {
    return deleteMany(this[CONTEXT], args);
  }

  async count(args?: Arguments): Promise<unknown> {
    const context = this[CONTEXT];
    return context.call('count', context.scoped(args));
  }

  async exists(args?: Arguments): Promise<boolean> {
    return exists(this[CONTEXT], args);
  }

  async aggregate(args: Arguments): Promise<unknown> {
    const context = this[CONTEXT];
    return context.call('aggregate', context.scoped(args));
  }

  async groupBy(args: Arguments): Promise<unknown> {
    const context = this[CONTEXT];
    return context.call('groupBy', context.scoped(args));
  }

  async restore(args: Arguments): Promise<unknown> {
    return restore(this[CONTEXT], args);
  }

  async hardDelete(args: Arguments): Promise<unknown> {
    return remove(this[CONTEXT], args, 'hardDelete');
  }

  async hardDeleteMany(args: Arguments): Promise<unknown> {
    return removeMany(this[CONTEXT], args, 'hardDeleteMany');
  }

  withDeleted(): ModelRepository {
    return this.inScope('all', 'withDeleted');
  }

  onlyDeleted(): ModelRepository {
    return this.inScope('deleted', 'onlyDeleted');
  }

  validateCreateData(_data: unknown): unknown {
    return undefined;
  }

  validateUpdateData(_data: unknown): unknown {
    return undefined;
  }

  load(id: unknown, shape?: Arguments): Promise<unknown> {
    try {
      return this[LOADER].load(id, shape, this.loadBoundary());
    } catch (error) {
      return rejected(error);
    }
  }

  async loadMany(ids: unknown, shape?: Arguments): Promise<unknown[]> {
    return await this[LOADER].loadMany(ids, shape, this.loadBoundary());
  }

  loadBy(key: string, value: unknown, shape?: Arguments): Promise<unknown> {
    try {
      return this[LOADER].loadBy(key, value, shape, this.loadBoundary());
    } catch (error) {
      return rejected(error);
    }
  }

  loadAllBy(field: string, value: unknown, args?: Arguments): Promise<unknown> {
    try {
      return this[LOADER].loadAllBy(field, value, args, this.loadBoundary());
    } catch (error) {
      return rejected(error);
    }
  }

  async bulkInsert(rows: unknown, options?: Arguments): Promise<unknown> {
    return await bulkInsert(this[CONTEXT], rows, options);
  }

  async bulkUpsert(rows: unknown, options: Arguments): Promise<unknown> {
    return await bulkUpsert(this[CONTEXT], rows, options);
  }

  loadBoundary(): LoadBoundary {
    return undefined;
  }

  private inScope(scope: Scope, method: string): ModelRepository {
    const context = this[CONTEXT];
    markOf(context, method);
    const existing = this[SCOPED].get(scope);
    if (existing !== undefined) return existing;
    const scoped = new ScopedRepository(context.inScope(scope));
    this[SCOPED].set(scope, scoped);
    return scoped;
  }

  get [LOADER](): RecordLoader {
    return (this[LOADER_MADE] ??= new RecordLoader(this[CONTEXT]));
  }

  /** Made at the first use: Nest sets the injected properties after the constructor. */
  get [CONTEXT](): RepositoryContext {
    this[MADE] ??= new RepositoryContext(this.model, this.prisma, this.db, this, this[OPTIONS]);
    return this[MADE];
  }
}

/** The same methods over another context; what a subclass has added belongs to the subclass. */
class ScopedRepository extends ModelRepository {
  readonly model: string;
  protected readonly prisma: PrismaService;
  protected readonly db: Database;

  constructor(context: RepositoryContext) {
    super();
    ({ model: this.model, prisma: this.prisma, db: this.db } = context);
    this[MADE] = context;
  }

  override loadBoundary(): LoadBoundary {
    return this[CONTEXT].hooks.loadBoundary();
  }
}

import type { PrismaService } from '../client/prisma.service.js';
import type { Database } from '../query/database.js';
import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import type { Arguments } from './defined-filters.js';
import { RecordLoader, type LoadBoundary } from './loading/record-loader.js';
import { whereOf } from './record-id.js';
import { RepositoryContext, type Delegate } from './repository-context.js';

// Symbols, so that a subclass may have a `context` of its own.
const CONTEXT = Symbol('database:repository-context');
const MADE = Symbol('database:repository-context-made');
const LOADER = Symbol('database:repository-loader');
const LOADER_MADE = Symbol('database:repository-loader-made');

/**
 * What all repositories do, written once without types; `Repository` is its typed face. Whatever takes more than a line
 * is a function of the context in a file of its own.
 */
export abstract class ModelRepository {
  abstract readonly model: string;
  protected abstract readonly prisma: PrismaService;
  protected abstract readonly db: Database;
  private [MADE]: RepositoryContext | undefined;
  private [LOADER_MADE]: RecordLoader | undefined;

  get delegate(): Delegate {
    return this[CONTEXT].delegate;
  }

  async findById(id: unknown, shape?: Arguments): Promise<unknown> {
    return await this[CONTEXT].call('findUnique', { ...shape, where: whereOf(id) }, 'findById');
  }

  async getById(id: unknown, shape?: Arguments): Promise<unknown> {
    const record = await this[CONTEXT].call('findUnique', { ...shape, where: whereOf(id) }, 'getById');
    if (record === null) throw new RecordNotFoundError(this.model, 'getById', id);
    return record;
  }

  async findMany(args?: Arguments): Promise<unknown> {
    return await this[CONTEXT].call('findMany', args);
  }

  async create(args: Arguments): Promise<unknown> {
    return await this[CONTEXT].call('create', args);
  }

  async update(args: Arguments): Promise<unknown> {
    return await this[CONTEXT].call('update', args);
  }

  async delete(args: Arguments): Promise<unknown> {
    return await this[CONTEXT].call('delete', args);
  }

  async count(args?: Arguments): Promise<unknown> {
    return await this[CONTEXT].call('count', args);
  }

  async load(id: unknown, shape?: Arguments): Promise<unknown> {
    return await this[LOADER].load(id, shape, this.loadBoundary());
  }

  async loadMany(ids: readonly unknown[], shape?: Arguments): Promise<unknown[]> {
    return await this[LOADER].loadMany(ids, shape, this.loadBoundary());
  }

  async loadBy(key: string, value: unknown, shape?: Arguments): Promise<unknown> {
    return await this[LOADER].loadBy(key, value, shape, this.loadBoundary());
  }

  async loadAllBy(field: string, value: unknown, args?: Arguments): Promise<unknown> {
    return await this[LOADER].loadAllBy(field, value, args, this.loadBoundary());
  }

  loadBoundary(): LoadBoundary {
    return undefined;
  }

  get [LOADER](): RecordLoader {
    return (this[LOADER_MADE] ??= new RecordLoader(this[CONTEXT]));
  }

  /** Made at the first use: Nest sets the injected properties after the constructor. */
  get [CONTEXT](): RepositoryContext {
    this[MADE] ??= new RepositoryContext(this.model, this.prisma, this.db);
    return this[MADE];
  }
}

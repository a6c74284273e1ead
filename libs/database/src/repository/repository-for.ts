import { Inject, Injectable } from '@nestjs/common';
import { connectionToken, DEFAULT_CONNECTION } from '../client/connection-tokens.js';
import type { ClientOf, ConnectionName, RegisteredClient } from '../client/database-register.js';
import type { ModelOf } from '../client/model-types.js';
import { PrismaService } from '../client/prisma.service.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import { refuseUndefined, refuseUndefinedFilters } from './defined-filters.js';
import { classifyFault, translateError } from '../fault/translate-error.js';
import type { RegisteredModel, RepositoryClass } from './repository.js';

type Arguments = Readonly<Record<string, unknown>>;
type WrappedOperation = 'findUnique' | 'findMany' | 'create' | 'update' | 'delete' | 'count';
const READS = new Set<WrappedOperation>(['findUnique', 'findMany', 'count']);
type Delegate = Readonly<Record<WrappedOperation, (args?: Arguments) => Promise<unknown>>>;

/**
 * What a repository may be told besides its model.
 *
 * @public
 */
export interface RepositoryForOptions<Name extends string> {
  /**
   * The connection it works on.
   *
   * @defaultValue 'default'
   */
  readonly connection: Name;
}

/** Under which a repository class carries the name of its connection. */
const CONNECTION = Symbol('database:repository-connection');

/** The connection that a repository class was made for; undefined for a class that is none. */
export function connectionOf(repository: object): string | undefined {
  return (repository as { [CONNECTION]?: string })[CONNECTION];
}

/** Gives a repository that was constructed without Nest what Nest would inject. */
export function bindRepository<Instance extends object>(instance: Instance, prisma: PrismaService): Instance {
  return Object.assign(instance, { prisma });
}

/**
 * The base class of the repository of one model: `class UserRepository extends RepositoryFor('user') {}`.
 *
 * The client is injected as a property, so that a subclass keeps its constructor for itself.
 *
 * @throws {@link InvalidOptionsError} at the first use, when the client has no such model
 *
 * @public
 */
export function RepositoryFor<Model extends RegisteredModel>(
  model: Model,
): RepositoryClass<RegisteredClient, Model>;
/**
 * The same on a named connection: `class InvoiceRepository extends RepositoryFor('invoice', { connection: 'billing' }) {}`.
 *
 * @public
 */
export function RepositoryFor<const Name extends ConnectionName, const Model extends ModelOf<ClientOf<Name>>>(
  model: Model,
  options: RepositoryForOptions<Name>,
): RepositoryClass<ClientOf<Name>, Model>;
export function RepositoryFor(model: string, options?: RepositoryForOptions<string>): unknown {
  const connection = options?.connection ?? DEFAULT_CONNECTION;
  @Injectable()
  class ModelRepository {
    static readonly [CONNECTION] = connection;
    @Inject(connectionToken(PrismaService, connection)) protected readonly prisma!: PrismaService;
    readonly model = model;

    /** Read afresh for every call: which connection it speaks to depends on the caller's transaction. */
    get delegate(): Delegate {
      const delegate: unknown = Reflect.get(this.prisma.client, model);
      if (typeof delegate === 'object' && delegate !== null) return delegate as Delegate;
      throw new InvalidOptionsError(`RepositoryFor('${model}')`, [
        { path: 'model', problem: `is "${model}", which the client does not have.` },
      ]);
    }

    async findById(id: unknown, shape?: Arguments): Promise<unknown> {
      refuseUndefined(id, 'id');
      return await this.call('findUnique', { ...shape, where: whereOf(id) });
    }

    async getById(id: unknown, shape?: Arguments): Promise<unknown> {
      const record = await this.findById(id, shape);
      if (record === null) throw new RecordNotFoundError(model, 'getById', id);
      return record;
    }

    async findMany(args?: Arguments): Promise<unknown> {
      return await this.call('findMany', args);
    }

    async create(args: Arguments): Promise<unknown> {
      return await this.call('create', args);
    }

    async update(args: Arguments): Promise<unknown> {
      return await this.call('update', args);
    }

    async delete(args: Arguments): Promise<unknown> {
      return await this.call('delete', args);
    }

    async count(args?: Arguments): Promise<unknown> {
      return await this.call('count', args);
    }

    private async call(operation: WrappedOperation, args?: Arguments): Promise<unknown> {
      if (args !== undefined) refuseUndefinedFilters(args);
      try {
        return await this.delegate[operation](args);
      } catch (error) {
        throw this.translate(error, operation, args);
      }
    }

    private translate(error: unknown, operation: WrappedOperation, args: Arguments | undefined): unknown {
      const { source } = classifyFault(error);
      // What neither Prisma nor the server said comes from an extension of the client, which is the application's.
      if (source === 'unknown' || source === 'network') return error;
      const translated = translateError(error, {
        operation: `${model}.${operation}`,
        access: READS.has(operation) ? 'read' : 'write',
      });
      if (!(translated instanceof RecordNotFoundError)) return translated;
      return new RecordNotFoundError(model, operation, args?.where, { cause: error });
    }
  }
  // The class is written once without types; `Repository` is its typed face.
  return ModelRepository;
}

/** A scalar is the value of the field `id`; an object is a unique `where` already. Bytes, dates and decimals are scalars. */
function whereOf(id: unknown): unknown {
  return isPlainObject(id) ? id : { id };
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

import { Inject, Injectable } from '@nestjs/common';
import type { RegisteredClient } from '../client/database-register.js';
import { PrismaService } from '../client/prisma.service.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import { refuseUndefined, refuseUndefinedFilters } from './defined-filters.js';
import type { RegisteredModel, RepositoryClass } from './repository.js';

type Arguments = Readonly<Record<string, unknown>>;
type WrappedOperation = 'findUnique' | 'findMany' | 'create' | 'update' | 'delete' | 'count';
type Delegate = Readonly<Record<WrappedOperation, (args?: Arguments) => Promise<unknown>>>;

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
): RepositoryClass<RegisteredClient, Model> {
  @Injectable()
  class ModelRepository {
    @Inject(PrismaService) protected readonly prisma!: PrismaService;
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
      return await this.callOnExisting('update', args);
    }

    async delete(args: Arguments): Promise<unknown> {
      return await this.callOnExisting('delete', args);
    }

    async count(args?: Arguments): Promise<unknown> {
      return await this.call('count', args);
    }

    private async callOnExisting(operation: 'update' | 'delete', args: Arguments): Promise<unknown> {
      try {
        return await this.call(operation, args);
      } catch (error) {
        if (!isMissingRecord(error)) throw error;
        throw new RecordNotFoundError(model, operation, args.where, { cause: error });
      }
    }

    private async call(operation: WrappedOperation, args?: Arguments): Promise<unknown> {
      if (args !== undefined) refuseUndefinedFilters(args);
      return await this.delegate[operation](args);
    }
  }
  // The class is written once without types; `Repository` is its typed face.
  return ModelRepository as unknown as RepositoryClass<RegisteredClient, Model>;
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

/**
 * P2025, "an operation failed because it depends on records that were not found" (Prisma's error reference). Prisma
 * raises it for a missing relation as well; only the record itself is named by `operation` (7.10).
 */
function isMissingRecord(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error) || error.code !== 'P2025')
    return false;
  const meta = 'meta' in error ? error.meta : undefined;
  if (typeof meta !== 'object' || meta === null || !('operation' in meta)) return false;
  return meta.operation === 'an update' || meta.operation === 'a delete';
}

import { Inject, Injectable } from '@nestjs/common';
import { connectionToken, DEFAULT_CONNECTION } from '../client/connection-tokens.js';
import type { ClientOf, ConnectionName, RegisteredClient } from '../client/database-register.js';
import type { ModelOf } from '../client/model-types.js';
import { PrismaService } from '../client/prisma.service.js';
import { Database } from '../query/database.js';
import { ModelRepository } from './model-repository.js';
import type { RegisteredModel, RepositoryClass } from './repository.js';

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
export function bindRepository<Instance extends object>(
  instance: Instance,
  prisma: PrismaService,
  db: Database,
): Instance {
  return Object.assign(instance, { prisma, db });
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
  class RepositoryOfModel extends ModelRepository {
    static readonly [CONNECTION] = connection;
    @Inject(connectionToken(PrismaService, connection)) protected readonly prisma!: PrismaService;
    @Inject(connectionToken(Database, connection)) protected readonly db!: Database;
    readonly model = model;
  }
  return RepositoryOfModel;
}

import { Inject, Injectable } from '@nestjs/common';
import { connectionToken, DEFAULT_CONNECTION } from '../client/connection-tokens.js';
import type { ClientOf, ConnectionName } from '../client/database-register.js';
import type { ModelOf } from '../client/model-types.js';
import { PrismaService } from '../client/prisma.service.js';
import { Database } from '../query/database.js';
import { ModelRepository, OPTIONS } from './model-repository.js';
import type { SoftDeleteOption, TimestampsOption, TraitsOf, VersionOption } from './repository-traits.js';
import type { RepositoryClass } from './repository.js';

/**
 * What a repository may be told besides its model. The options compose, and are checked against the model's fields when
 * the application is compiled, and again at the first use.
 *
 * @public
 */
export interface RepositoryForOptions<Name extends string, SoftDelete, Version, Timestamps> {
  /**
   * The connection it works on.
   *
   * @defaultValue 'default'
   */
  readonly connection?: Name;
  /**
   * `delete` and `deleteMany` mark a record with the time instead of removing it, and no method sees marked ones any
   * more; adds `restore`, `withDeleted`, `onlyDeleted`, `hardDelete` and `hardDeleteMany`. A marked record still holds
   * its unique values: give such columns a partial unique index where they are to be free again.
   */
  readonly softDelete?: SoftDelete;
  /**
   * Optimistic locking: each change adds one to the field, in the statement that makes the change, and `update` and
   * `delete` take the version that was read in `where`. A change in between is a {@link StaleVersionError}. Nested
   * writes through relations do not count.
   */
  readonly version?: Version;
  /** Fills the time of creation and of the last change from the clock of this process. */
  readonly timestamps?: Timestamps;
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
 * The base class of the repository of one model: `class UserRepository extends RepositoryFor('user') {}`, or with options
 * `RepositoryFor('user', { softDelete: true, version: true, connection: 'billing' })`.
 *
 * The client is injected as a property, so that a subclass keeps its constructor for itself.
 *
 * @throws {@link InvalidOptionsError} at the first use, when the client has no such model or the model no such field
 *
 * @public
 */
export function RepositoryFor<
  const Model extends ModelOf<ClientOf<Name>>,
  const Name extends ConnectionName = 'default',
  const SoftDelete extends SoftDeleteOption<ClientOf<Name>, Model> | undefined = undefined,
  const Version extends VersionOption<ClientOf<Name>, Model> | undefined = undefined,
  const Timestamps extends TimestampsOption<ClientOf<Name>, Model> | undefined = undefined,
>(
  model: Model,
  options?: RepositoryForOptions<Name, SoftDelete, Version, Timestamps>,
): RepositoryClass<ClientOf<Name>, Model, TraitsOf<SoftDelete, Version, Timestamps>>;
export function RepositoryFor(
  model: string,
  options: RepositoryForOptions<string, unknown, unknown, unknown> = {},
): unknown {
  const connection = options.connection ?? DEFAULT_CONNECTION;
  @Injectable()
  class RepositoryOfModel extends ModelRepository {
    static readonly [CONNECTION] = connection;
    @Inject(connectionToken(PrismaService, connection)) protected readonly prisma!: PrismaService;
    @Inject(connectionToken(Database, connection)) protected readonly db!: Database;
    readonly model = model;
    override readonly [OPTIONS] = options;
  }
  return RepositoryOfModel;
}

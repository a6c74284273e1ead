import type { Provider, Type } from '@nestjs/common';
import {
  assertConnectionName,
  connectionToken,
  DEFAULT_CONNECTION,
  type Injected,
} from './client/connection-tokens.js';
import { PrismaService } from './client/prisma.service.js';
import { InvalidOptionsError } from './config/config.errors.js';
import type { OptionViolation } from './config/option-violation.js';
import { Database, partsOf } from './query/database.js';
import { connectionOf } from './repository/repository-for.js';

/** Provides nothing; it stands for what a start has to say about repositories. */
const START_NOTES = Symbol('database:repository-start-notes');
/** Where Nest keeps what `@Inject` says about properties (11 and 12). */
const PROPERTY_TOKENS = 'self:properties_metadata';
/** What a repository is given by Nest, by the name of the property. */
const INJECTED: Readonly<Record<string, Injected>> = { prisma: PrismaService, db: Database };

/** @throws {@link InvalidOptionsError} that lists every entry which cannot be provided */
export function createFeatureProviders(
  repositories: readonly Type[],
  connection?: string,
): { providers: Provider[]; exports: (Injected | string)[] } {
  if (connection !== undefined) assertConnectionName(connection);
  const violations = repositories.flatMap((repository, index) => {
    const problem = problemOf(repository, connection);
    return problem === undefined ? [] : [{ path: `[${index}]`, problem } satisfies OptionViolation];
  });
  if (violations.length > 0) throw new InvalidOptionsError('DatabaseModule.forFeature', violations);
  const notes: Provider = {
    provide: START_NOTES,
    useFactory: (database: Database) => {
      partsOf(database).pages.keys.announce();
    },
    inject: [connectionToken(Database, connection ?? DEFAULT_CONNECTION)],
  };
  if (connection === undefined || connection === DEFAULT_CONNECTION) {
    return { providers: [...repositories, notes], exports: [...repositories] };
  }
  const providers = repositories.map((repository) => ({
    provide: connectionToken(repository, connection),
    useClass: connectionOf(repository) === connection ? repository : bindTo(repository, connection),
  }));
  // What was made for this connection is known by its class alone.
  const own = repositories.filter((repository) => connectionOf(repository) === connection);
  return {
    providers: [
      ...providers,
      notes,
      ...own.map((repository) => ({
        provide: repository,
        useExisting: connectionToken(repository, connection) as string,
      })),
    ],
    exports: [...providers.map(({ provide }) => provide), ...own],
  };
}

function problemOf(repository: unknown, connection: string | undefined): string | undefined {
  if (typeof repository !== 'function') {
    return 'is no class. Most often two files import each other; move what both need to a third one.';
  }
  const own = connectionOf(repository);
  if (connection === undefined || own === undefined || own === DEFAULT_CONNECTION || own === connection) {
    return undefined;
  }
  return `is ${repository.name}, which RepositoryFor binds to the connection "${own}", not to "${connection}".`;
}

/** The same class on another connection. */
function bindTo(repository: Type, connection: string): Type {
  const Bound = { [repository.name]: class extends repository {} }[repository.name] as Type;
  const inherited = (Reflect.getMetadata(PROPERTY_TOKENS, repository) ?? []) as readonly { key: unknown }[];
  Reflect.defineMetadata(
    PROPERTY_TOKENS,
    [
      ...inherited.filter(({ key }) => !(String(key) in INJECTED)),
      ...Object.entries(INJECTED).map(([key, service]) => ({
        key,
        type: connectionToken(service, connection),
      })),
    ],
    Bound,
  );
  return Bound;
}

import { createRequire } from 'node:module';
import type * as Module from 'kysely';

type KyselyModule = typeof Module;

let loaded: KyselyModule | undefined;

/**
 * Kysely, loaded when the first query is built: it takes a third of a second and some 20 MB (0.28), which an application
 * that builds none does not pay. `require`, because a builder cannot wait; the package has both forms.
 */
export function kysely(): KyselyModule {
  loaded ??= createRequire(import.meta.url)('kysely') as KyselyModule;
  return loaded;
}

import type { Kysely } from 'kysely';
import { AmbientDialect } from './kysely-dialect.js';
import { kysely } from './kysely-module.js';
import type { SqlExecutor, SqlRunner } from './sql-executor.port.js';

/** Gives the Kysely that belongs to where the caller stands. */
type Find<Tables> = () => Kysely<Tables>;

/**
 * Kysely, whose queries belong to the transaction that they are begun in, also where they are kept and used elsewhere: its
 * streams send nothing before they are read, and say nothing of where they were made.
 */
export function createAmbientKysely<Tables>(executor: SqlExecutor): Kysely<Tables> {
  const outside = over<Tables>(executor);
  const inside = new WeakMap<object, Kysely<Tables>>();
  return follow(outside, () => {
    const runner = executor.here();
    const { place } = runner;
    if (place === undefined) return outside;
    let made = inside.get(place);
    if (made === undefined) inside.set(place, (made = over(runner)));
    return made;
  });
}

function over<Tables>(runner: SqlRunner): Kysely<Tables> {
  return new (kysely().Kysely)<Tables>({ dialect: new AmbientDialect(runner) });
}

function follow<Tables>(outside: Kysely<Tables>, find: Find<Tables>): Kysely<Tables> {
  return new Proxy(outside, {
    get(_outside, property) {
      const here = find();
      const value: unknown = Reflect.get(here, property, here);
      if (typeof value !== 'function' || property === 'constructor') return value;
      return (...parameters: unknown[]) => {
        const derive = (from: Kysely<Tables>): unknown =>
          (Reflect.get(from, property, from) as Method).apply(from, parameters);
        const result = derive(here);
        // One with a plugin, or a schema: where it is kept, it follows its caller as well.
        return result instanceof kysely().Kysely
          ? follow(derive(outside) as Kysely<Tables>, () => derive(find()) as Kysely<Tables>)
          : result;
      };
    },
  });
}

type Method = (...parameters: unknown[]) => unknown;

import { InvalidOptionsError } from '../config/config.errors.js';
import type { OptionViolation } from '../config/option-violation.js';
import { isPlainObject } from './record-id.js';

/** The options of a repository as given, unchecked. */
export interface TraitOptions {
  readonly softDelete?: unknown;
  readonly version?: unknown;
  readonly timestamps?: unknown;
}

/** Which fields a repository looks after. */
export interface ResolvedTraits {
  readonly softDelete: string | undefined;
  readonly version: string | undefined;
  readonly createdAt: string | undefined;
  readonly updatedAt: string | undefined;
}

type Fields = Readonly<Record<string, { readonly typeName: string }>>;

/**
 * Checks the options against the fields of the model, for callers without types and for what types do not tell apart (an
 * `Int` and a `Float`).
 *
 * @throws {@link InvalidOptionsError} that lists everything that is wrong
 */
export function resolveTraits(model: string, options: TraitOptions, fields: Fields): ResolvedTraits {
  const violations: OptionViolation[] = [];
  const field = (path: string, name: unknown, type: string): string | undefined => {
    if (typeof name === 'string' && Object.hasOwn(fields, name) && fields[name]?.typeName === type)
      return name;
    const of = typeof name === 'string' ? `"${name}", which is` : 'set, but names';
    violations.push({ path, problem: `is ${of} no field of type ${type} of the model.` });
    return undefined;
  };
  const single = (path: string, option: unknown, standard: string, type: string): string | undefined => {
    if (option === undefined || option === false) return undefined;
    return field(path, option === true ? standard : isPlainObject(option) ? option.field : undefined, type);
  };
  const times =
    options.timestamps === true ? { createdAt: 'createdAt', updatedAt: 'updatedAt' } : options.timestamps;
  const time = (name: 'createdAt' | 'updatedAt') => {
    const given = isPlainObject(times) ? times[name] : undefined;
    return given === undefined ? undefined : field(`timestamps.${name}`, given, 'DateTime');
  };
  const traits: ResolvedTraits = {
    softDelete: single('softDelete', options.softDelete, 'deletedAt', 'DateTime'),
    version: single('version', options.version, 'version', 'Int'),
    createdAt: time('createdAt'),
    updatedAt: time('updatedAt'),
  };
  if (violations.length > 0) throw new InvalidOptionsError(`RepositoryFor('${model}')`, violations);
  return traits;
}

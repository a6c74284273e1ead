import type { FieldAt, KindOf, PayloadOf, ScalarsOf } from '../../client/field-types.js';
import type { PrismaClientClass } from '../../client/database-register.js';
import type { ModelOf } from '../../client/model-types.js';
import { modelOf, readSchema, type ModelShape, type SchemaShape } from '../../client/schema-shape.js';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { OptionValidator } from '../../config/option-validator.js';
import { scalarRuleOf, type ScalarRule } from './scalar-value.js';

/**
 * The fields of a model that can come from outside: no relations, lists, JSON or bytes.
 *
 * @public
 */
export type WritableField<Payload> = {
  [Field in keyof ScalarsOf<Payload> & string]: KindOf<NonNullable<ScalarsOf<Payload>[Field]>> extends never
    ? never
    : Field;
}[keyof ScalarsOf<Payload> & string];

/**
 * What the users of one endpoint may write: nothing that is not listed.
 *
 * @public
 */
export interface DataDefinition<Payload, Allowed extends WritableField<Payload>, Required extends Allowed> {
  /** The fields that are taken over. An id, a role, an owner or a date of creation is to be left out. */
  readonly allow: readonly Allowed[];
  /** Those among them that have to be there. */
  readonly required?: readonly Required[];
  /**
   * How many characters a text may have, by field.
   *
   * @defaultValue the size in the schema (`@db.VarChar(50)`), otherwise 10 000
   */
  readonly maxLength?: { readonly [Field in Allowed]?: number };
}

/**
 * Data that have been checked, in the types in which Prisma takes them; a decimal is text, so that it keeps its digits.
 *
 * @public
 */
export type GuardedData<Payload, Allowed extends string, Required extends string> = {
  [Field in Required]: GuardedValue<FieldAt<Payload, Field>>;
} & { [Field in Exclude<Allowed, Required>]?: GuardedValue<FieldAt<Payload, Field>> };

/**
 * The type in which a field is written.
 *
 * @public
 */
export type GuardedValue<Value> = Value extends { toDecimalPlaces: unknown } ? string : Value;

/**
 * The rules of one endpoint for what is written; made by `defineData`, applied by `guardData`.
 *
 * @public
 */
export interface DataRules<Data> {
  /** The model's delegate name. */
  readonly model: string;
  /**
   * Carries the type alone; there is no such property.
   *
   * @internal
   */
  readonly __data?: Data;
}

/** The rules as `guardData` applies them. */
export interface CheckedDataRules extends DataRules<unknown> {
  readonly fields: ReadonlyMap<string, { readonly value: ScalarRule; readonly isNullable: boolean }>;
  readonly required: readonly string[];
}

const DEFAULT_MAX_LENGTH = 10_000;

/**
 * Says which fields of a model the users of an endpoint may write, once. Names are checked by the compiler, and here
 * again against the schema that the client was generated from.
 *
 * ```ts
 * const NEW_CUSTOMER = defineData(PrismaClient, 'customer', { allow: ['name', 'email'], required: ['email'] });
 * ```
 *
 * @throws {@link InvalidOptionsError} which lists everything that is wrong with the definition
 *
 * @public
 */
export function defineData<
  ClientClass extends PrismaClientClass,
  const Model extends ModelOf<InstanceType<ClientClass>>,
  const Allowed extends WritableField<PayloadOf<InstanceType<ClientClass>, Model>>,
  const Required extends Allowed = never,
>(
  client: ClientClass,
  model: Model,
  definition: DataDefinition<PayloadOf<InstanceType<ClientClass>, Model>, Allowed, Required>,
): DataRules<GuardedData<PayloadOf<InstanceType<ClientClass>, Model>, Allowed, Required>> {
  const schema = readSchema(client);
  const shape = modelOf(schema, model);
  const validator = new OptionValidator();
  if (shape === undefined) validator.reject('model', `is "${model}", which the client does not have.`);
  const checked = checkDefinition(definition, schema, shape ?? new Map(), validator);
  if (validator.violations.length > 0)
    throw new InvalidOptionsError(`defineData('${model}')`, validator.violations);
  const rules: CheckedDataRules = { model, ...checked };
  return Object.freeze(rules) as DataRules<unknown> as DataRules<never>;
}

function checkDefinition(
  definition: unknown,
  schema: SchemaShape,
  model: ModelShape,
  validator: OptionValidator,
): Pick<CheckedDataRules, 'fields' | 'required'> {
  const options = validator.object(definition, '', ['allow', 'required', 'maxLength']);
  const allow = names(options.allow, 'allow', validator);
  const required = names(options.required ?? [], 'required', validator);
  const maxLength = validator.object(options.maxLength, 'maxLength', allow);
  if (allow.length === 0) validator.reject('allow', 'names no field.');
  for (const name of required)
    if (!allow.includes(name)) validator.reject('required', `has "${name}", which is not allowed.`);
  const fields = allow.flatMap((name) => {
    const field = model.get(name);
    const fallback = field?.nativeSize ?? DEFAULT_MAX_LENGTH;
    const length = validator.integer(maxLength[name], `maxLength.${name}`, fallback, {
      min: 1,
      max: 10_000_000,
    });
    const value = field === undefined ? undefined : scalarRuleOf(field, schema, length);
    if (field !== undefined && value !== undefined)
      return [[name, { value, isNullable: field.isNullable }] as const];
    const problem = field === undefined ? 'no field' : field.kind === 'object' ? 'a relation' : field.type;
    if (model.size > 0)
      validator.reject('allow', `has "${name}", which is ${problem} and cannot be guarded.`);
    return [];
  });
  return { fields: new Map(fields), required };
}

function names(given: unknown, at: string, validator: OptionValidator): readonly string[] {
  if (Array.isArray(given) && given.every((name) => typeof name === 'string')) return given;
  validator.reject(at, 'is no list of fields.');
  return [];
}

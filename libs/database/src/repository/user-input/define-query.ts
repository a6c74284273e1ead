import type { PrismaClientClass } from '../../client/database-register.js';
import { modelOf, readSchema, type ModelShape, type SchemaShape } from '../../client/schema-shape.js';
import { InvalidOptionsError } from '../../config/config.errors.js';
import { OptionValidator } from '../../config/option-validator.js';
import {
  QUERY_OPERATORS,
  type CheckedQueryRules,
  type FieldRule,
  type QueryDefinition,
  type QueryModelOf,
  type QueryOperator,
  type QueryPayloadOf,
  type QueryRules,
  type QueryRulesOf,
} from './query-rules.js';
import { scalarRuleOf, type ScalarRule } from './scalar-value.js';

const KNOWN = [
  'filter', 'sort', 'defaultSort', 'maxFirst', 'defaultFirst', 'maxDepth', 'maxConditions', 'maxListItems', 'otherParameters',
]; // prettier-ignore
const FIELD_OPTIONS = ['operators', 'ignoreCase', 'maxLength'];
const PATTERNS: readonly QueryOperator[] = ['contains', 'startsWith', 'endsWith'];
const COMPARISONS: readonly QueryOperator[] = ['lt', 'lte', 'gt', 'gte'];
const RESERVED = ['filter', 'sort', 'first', 'after', 'last', 'before'];

/**
 * Says what the users of an endpoint may ask of a model, once: which fields, by which comparisons, in which order, how
 * many. Names are checked by the compiler, and here again against the schema that the client was generated from.
 *
 * ```ts
 * const PRODUCT_QUERY = defineQuery(PrismaClient, 'product', {
 *   filter: { priceCents: ['gte', 'lte'], name: { operators: ['contains'], ignoreCase: true }, 'category.slug': ['eq'] },
 *   sort: ['createdAt', 'priceCents'],
 *   defaultSort: ['-createdAt'],
 * });
 * ```
 *
 * A field that nobody may see is not to be listed: whoever can filter by it can find out its value.
 *
 * @throws {@link InvalidOptionsError} which lists everything that is wrong with the definition
 *
 * @public
 */
export function defineQuery<
  ClientClass extends PrismaClientClass,
  const Model extends QueryModelOf<InstanceType<ClientClass>>,
  const Filter extends Readonly<Record<string, unknown>>,
>(
  client: ClientClass,
  model: Model,
  definition: QueryDefinition<QueryPayloadOf<InstanceType<ClientClass>, Model>, Filter>,
): QueryRulesOf<InstanceType<ClientClass>, Model> {
  const schema = readSchema(client);
  const shape = modelOf(schema, model);
  const subject = `defineQuery('${model}')`;
  if (shape === undefined) {
    throw new InvalidOptionsError(subject, [
      { path: 'model', problem: `is "${model}", which the client does not have.` },
    ]);
  }
  const validator = new OptionValidator();
  const checked = new Definition(schema, shape, validator).check(model, definition);
  if (validator.violations.length > 0) throw new InvalidOptionsError(subject, validator.violations);
  return Object.freeze(checked) as QueryRules as QueryRulesOf<InstanceType<ClientClass>, Model>;
}

class Definition {
  constructor(
    private readonly schema: SchemaShape,
    private readonly model: ModelShape,
    private readonly validator: OptionValidator,
  ) {}

  check(model: string, definition: unknown): CheckedQueryRules {
    const { validator } = this;
    const options = validator.object(definition, '', KNOWN);
    const maxDepth = validator.integer(options.maxDepth, 'maxDepth', 3, { min: 1, max: 5 });
    const maxFirst = validator.integer(options.maxFirst, 'maxFirst', 100, { min: 1, max: 10_000 });
    const filter = new Map<string, FieldRule>();
    for (const path of Object.keys(options.filter ?? {})) {
      const rule = this.field(path, (options.filter as Record<string, unknown>)[path], maxDepth);
      if (rule !== undefined) filter.set(path, rule);
    }
    const otherParameters = this.names(options.otherParameters, 'otherParameters');
    for (const name of otherParameters)
      if (RESERVED.includes(name)) validator.reject('otherParameters', `has "${name}", which is read here.`);
    return {
      model,
      filter,
      sort: new Set(this.sortable(options.sort, 'sort')),
      defaultSort: this.sortable(options.defaultSort, 'defaultSort'),
      maxFirst,
      defaultFirst: validator.integer(options.defaultFirst, 'defaultFirst', Math.min(20, maxFirst), {
        min: 1,
        max: maxFirst,
      }),
      maxDepth,
      maxConditions: validator.integer(options.maxConditions, 'maxConditions', 20, { min: 1, max: 200 }),
      maxListItems: validator.integer(options.maxListItems, 'maxListItems', 100, { min: 1, max: 10_000 }),
      otherParameters: new Set(otherParameters),
    };
  }

  private field(path: string, definition: unknown, maxDepth: number): FieldRule | undefined {
    const at = `filter.${path}`;
    const options = Array.isArray(definition)
      ? { operators: definition }
      : this.validator.object(definition, at, FIELD_OPTIONS);
    const { operators, ignoreCase, maxLength } = options;
    const length = this.validator.integer(maxLength, `${at}.maxLength`, 255, { min: 1, max: 100_000 });
    const end = this.follow(path, maxDepth, length);
    if (end === undefined) return undefined;
    const allowed = this.operators(operators, at, end.value, end.isNullable);
    const ignores = this.validator.boolean(ignoreCase, `${at}.ignoreCase`, false);
    if (ignores && !PATTERNS.some((pattern) => allowed.has(pattern)))
      this.validator.reject(`${at}.ignoreCase`, `is of no use without one of: ${PATTERNS.join(', ')}.`);
    if (maxLength !== undefined && end.value.type !== 'text')
      this.validator.reject(`${at}.maxLength`, 'is of no use for a field that is no text.');
    return { path, ...end, operators: allowed, ignoreCase: ignores };
  }

  /** Goes along the relations to the field. */
  private follow(path: string, maxDepth: number, maxLength: number) {
    const names = path.split('.');
    const field = names.pop() ?? '';
    const relations: FieldRule['relations'][number][] = [];
    let model: ModelShape | undefined = this.model;
    for (const name of names) {
      const relation = model?.get(name);
      if (relation?.kind !== 'object')
        return this.reject(path, `leads over "${name}", which is no relation.`);
      relations.push({ name, isList: relation.isList });
      model = this.schema.models.get(relation.type);
    }
    if (names.length + 1 > maxDepth)
      return this.reject(path, `has ${names.length + 1} names, more than \`maxDepth\` = ${maxDepth}.`);
    const shape = model?.get(field);
    if (shape === undefined) return this.reject(path, `ends at "${field}", which is no field.`);
    const value = scalarRuleOf(shape, this.schema, maxLength);
    if (value === undefined)
      return this.reject(path, `is ${shape.type}${shape.isList ? '[]' : ''}, which cannot be compared.`);
    return { relations, field, value, isNullable: shape.isNullable };
  }

  private operators(
    given: unknown,
    at: string,
    value: ScalarRule,
    isNullable: boolean,
  ): ReadonlySet<QueryOperator> {
    const named = this.names(given, at);
    if (named.length === 0)
      this.validator.reject(at, 'allows no comparison. Name one, or leave the field out.');
    const fitting = QUERY_OPERATORS.filter((operator) => fits(operator, value, isNullable));
    for (const name of named)
      if (!fitting.some((operator) => operator === name))
        this.validator.reject(at, `allows "${name}", expected one of: ${fitting.join(', ')}.`);
    return new Set(fitting.filter((operator) => named.includes(operator)));
  }

  private sortable(given: unknown, at: string): readonly string[] {
    const names = this.names(given, at);
    for (const name of names) {
      const field = this.model.get(at === 'defaultSort' ? name.replace(/^-/, '') : name);
      if (field === undefined || scalarRuleOf(field, this.schema, 1) === undefined)
        this.validator.reject(at, `has "${name}", which is no field to order by.`);
    }
    return names;
  }

  private names(given: unknown, at: string): readonly string[] {
    if (given === undefined) return [];
    if (Array.isArray(given) && given.every((name) => typeof name === 'string')) {
      if (new Set(given).size < given.length) this.validator.reject(at, 'has the same name twice.');
      return given;
    }
    this.validator.reject(at, 'is no list of names.');
    return [];
  }

  private reject(path: string, problem: string): undefined {
    this.validator.reject(`filter.${path}`, problem);
  }
}

function fits(operator: QueryOperator, { type }: ScalarRule, isNullable: boolean): boolean {
  if (operator === 'isNull') return isNullable;
  if (PATTERNS.includes(operator)) return type === 'text';
  if (COMPARISONS.includes(operator)) return !['boolean', 'enum', 'uuid'].includes(type);
  return type !== 'boolean' || operator === 'eq' || operator === 'ne';
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

export interface OpenApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/**
 * Where `value` differs from what the document promises; empty where it does not. It knows the part of JSON Schema
 * that the shop's document uses, and takes properties that are not described for a difference.
 */
export function differences(document: OpenApiDocument, schema: Schema, value: unknown, path = ''): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    const target = document.components.schemas[name];
    return target === undefined ? [`${path}: no schema ${name}`] : differences(document, target, value, path);
  }
  if (value === null) return schema.nullable === true ? [] : [`${path}: is null`];
  if (schema.allOf !== undefined)
    return schema.allOf.flatMap((each) => differences(document, each, value, path));
  if (schema.oneOf !== undefined) {
    const fits = schema.oneOf.some((each) => differences(document, each, value, path).length === 0);
    return fits ? [] : [`${path}: fits none of oneOf`];
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${path}: is none of the enum`];
  if (typeof value === 'number') return numberDifferences(schema, value, path);
  if (typeof value === 'string') return textDifferences(schema, value, path);
  if (typeof value === 'boolean') return schema.type === 'boolean' ? [] : [`${path}: is a boolean`];
  if (Array.isArray(value)) {
    const { items = {}, minItems = 0, maxItems = Infinity } = schema;
    const length =
      value.length < minItems || value.length > maxItems ? [`${path}: has ${value.length} items`] : [];
    const inner = value.flatMap((item, index) => differences(document, items, item, `${path}.${index}`));
    return schema.type === 'array' ? [...length, ...inner] : [`${path}: is an array`];
  }
  return objectDifferences(document, schema, value as Record<string, unknown>, path);
}

function objectDifferences(
  document: OpenApiDocument,
  { type, properties = {}, required = [], additionalProperties }: Schema,
  value: Record<string, unknown>,
  path: string,
): string[] {
  if (type !== 'object') return [`${path}: is an object`];
  const missing = required.filter((name) => !(name in value)).map((name) => `${path}.${name}: is missing`);
  const inner = Object.entries(value).flatMap(([name, item]) => {
    const described = properties[name] ?? additionalProperties;
    if (described === true) return [];
    if (typeof described !== 'object') return [`${path}.${name}: is not described`];
    return differences(document, described, item, `${path}.${name}`);
  });
  return [...missing, ...inner];
}

function numberDifferences(
  { type, minimum = -Infinity, maximum = Infinity }: Schema,
  value: number,
  path: string,
): string[] {
  const fits = type === 'integer' ? Number.isInteger(value) : type === 'number';
  return fits && value >= minimum && value <= maximum
    ? []
    : [`${path}: ${value} is no such ${type ?? 'value'}`];
}

function textDifferences({ type, pattern, format }: Schema, value: string, path: string): string[] {
  const matches = pattern === undefined || new RegExp(pattern).test(value);
  const isDate = format !== 'date-time' || new Date(value).toISOString() === value;
  return type === 'string' && matches && isDate ? [] : [`${path}: "${value}" is no such ${type ?? 'value'}`];
}

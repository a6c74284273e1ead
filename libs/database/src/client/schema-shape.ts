import { InvalidOptionsError } from '../config/config.errors.js';
import { delegateName, readDataModel, type DataModelField } from './data-model.js';
import type { PrismaClientClass } from './database-register.js';
import { parseSchemaText, schemaTextOf, type FieldText } from './schema-text.js';

/** A field as the schema declares it. */
export interface FieldShape extends Pick<FieldText, 'isList' | 'isNullable' | 'nativeType' | 'nativeSize'> {
  readonly name: string;
  /** `object` is a relation. */
  readonly kind: 'scalar' | 'enum' | 'object' | 'unsupported';
  /** Prisma's scalar type, the name of an enum, or that of the related model. */
  readonly type: string;
}

/** A model as the schema declares it: its fields by name. */
export type ModelShape = ReadonlyMap<string, FieldShape>;

/** The schema a client was generated from. */
export interface SchemaShape {
  /** By the name in the schema, such as `OrderItem`. */
  readonly models: ReadonlyMap<string, ModelShape>;
  /** The values of each enum, as the client takes them. */
  readonly enums: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads what a generated client class carries along: no connection is made, and nothing is kept.
 *
 * The data model at run time has the fields and their types; which of them are lists or may be null, and what the
 * values of an enum are, only the schema's own text says (7.10).
 *
 * @throws {@link InvalidOptionsError} when the class is no client of Prisma 7
 */
export function readSchema(client: PrismaClientClass): SchemaShape {
  const instance = instantiate(client);
  const dataModel = readDataModel(instance);
  const text = schemaTextOf(instance);
  if (text === undefined) throw notAClient();
  const declared = parseSchemaText(text);
  const models = Object.entries(dataModel).map(
    ([name, { fields }]) => [name, readFields(fields, declared.fields.get(name))] as const,
  );
  const enums = [...declared.enums].map(([name, values]) => [name, [...values.keys()]] as const);
  return { models: new Map(models), enums: new Map(enums) };
}

/** The model that a client has under `delegate`: `orderItem` is `OrderItem`. */
export function modelOf({ models }: SchemaShape, delegate: string): ModelShape | undefined {
  for (const [name, model] of models) {
    if (delegateName(name) === delegate) return model;
  }
  return undefined;
}

/** A client over an adapter that opens nothing: it is only looked at. */
function instantiate(client: PrismaClientClass): unknown {
  const adapter = {
    provider: 'postgres',
    adapterName: 'nestjs-database',
    connect: () => Promise.reject(notAClient()),
  };
  try {
    return new client({ adapter } as never);
  } catch {
    throw notAClient();
  }
}

function notAClient(): InvalidOptionsError {
  return new InvalidOptionsError('The schema reader', [
    { path: 'client', problem: 'is not a client that Prisma 7 has generated.' },
  ]);
}

function readFields(
  fields: readonly DataModelField[],
  declared: ReadonlyMap<string, FieldText> | undefined,
): ModelShape {
  return new Map(
    fields.map(({ name, kind, type }) => {
      const { isList = false, isNullable = false, nativeType, nativeSize } = declared?.get(name) ?? {};
      return [name, { name, kind, type, isList, isNullable, nativeType, nativeSize }];
    }),
  );
}

import { readProperty } from '../common/safe-read.js';
import { InvalidOptionsError } from '../config/config.errors.js';
import { delegateName, readDataModel, type DataModelField } from './data-model.js';
import type { PrismaClientClass } from './database-register.js';

/** A field as the schema declares it. */
export interface FieldShape {
  readonly name: string;
  /** `object` is a relation. */
  readonly kind: 'scalar' | 'enum' | 'object' | 'unsupported';
  /** Prisma's scalar type, the name of an enum, or that of the related model. */
  readonly type: string;
  readonly isList: boolean;
  readonly isNullable: boolean;
  /** The type in the database where the schema names one: `Uuid` for `@db.Uuid`. */
  readonly nativeType: string | undefined;
  /** The first figure of the native type: 50 for `@db.VarChar(50)`. */
  readonly nativeSize: number | undefined;
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

const BLOCK = /^\s*(model|view|enum)\s+(\w+)\s*\{$/;
const FIELD = /^\s*(\w+)\s+\w+(\?|\[\])?(?:\s|$)/;
/** Before a comment. */
const NATIVE = /^(?:(?!\s\/\/).)*?\s@\w+\.(\w+)(?:\((\d+))?/;
const ENUM_VALUE = /^\s*(\w+)\s*(?:@map\(|\/\/|$)/;

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
  // Not documented either, so its shape is checked.
  const text = readProperty(readProperty(instance, '_engineConfig'), 'inlineSchema');
  if (typeof text !== 'string') throw notAClient();
  const blocks = readBlocks(text);
  const models = Object.entries(dataModel).map(([name, { fields }]) => {
    const lines = blocks.get(`model ${name}`) ?? blocks.get(`view ${name}`) ?? [];
    return [name, readFields(fields, lines)] as const;
  });
  const enums = [...blocks]
    .filter(([name]) => name.startsWith('enum '))
    .map(([name, lines]) => [name.slice('enum '.length), readValues(lines)] as const);
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

function readBlocks(text: string): ReadonlyMap<string, readonly string[]> {
  const blocks = new Map<string, string[]>();
  let lines: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, kind, name] = BLOCK.exec(line) ?? [];
    if (lines === undefined && kind !== undefined) blocks.set(`${kind} ${name}`, (lines = []));
    else if (line.trim() === '}') lines = undefined;
    else lines?.push(line);
  }
  return blocks;
}

function readFields(fields: readonly DataModelField[], lines: readonly string[]): ModelShape {
  const declared = new Map<string, { modifier: string | undefined; line: string }>();
  for (const line of lines) {
    const [, name, modifier] = FIELD.exec(line) ?? [];
    if (name !== undefined) declared.set(name, { modifier, line });
  }
  return new Map(
    fields.map(({ name, kind, type }) => {
      const { modifier, line = '' } = declared.get(name) ?? {};
      const [, nativeType, size] = NATIVE.exec(line) ?? [];
      const isList = modifier === '[]';
      const isNullable = modifier === '?';
      const nativeSize = size === undefined ? undefined : Number(size);
      return [name, { name, kind, type, isList, isNullable, nativeType, nativeSize }];
    }),
  );
}

function readValues(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => ENUM_VALUE.exec(line)?.[1] ?? []);
}

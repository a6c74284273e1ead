import { InvalidOptionsError } from '../config/config.errors.js';
import { readSchemaText, type SchemaText } from './schema-text.js';

/** A field as the schema names it. */
export interface DataModelField {
  readonly name: string;
  /** `object` is a relation. */
  readonly kind: 'scalar' | 'enum' | 'object' | 'unsupported';
  /** Prisma's scalar type, the name of an enum, or that of the related model. */
  readonly type: string;
  readonly isList?: boolean;
  /** The column, where it has another name than the field. */
  readonly dbName?: string | null;
  readonly relationName?: string;
  /** Of an enum: whether one of its values has another name in the database. */
  readonly hasMappedValues?: boolean;
}

/** A model as the schema names it. */
export interface DataModel {
  readonly fields: readonly DataModelField[];
  /** The table, where it has another name than the model. */
  readonly dbName?: string | null;
  readonly schema?: string | null;
}

/**
 * The models that a generated client carries along, by their name in the schema. Prisma's clients hold it under a name
 * that is not documented (7.10), so its shape is checked.
 *
 * @throws {@link InvalidOptionsError} when the client carries none
 */
export function readDataModel(client: unknown): Readonly<Record<string, DataModel>> {
  const generated = client as GeneratedClient | null;
  const models = generated?._runtimeDataModel?.models;
  if (typeof models === 'object' && models !== null) {
    const { enums } = readSchemaText(client);
    return Object.fromEntries(
      Object.entries(models).map(([name, model]) => [name, withMappedEnums(model, enums)]),
    );
  }
  throw new InvalidOptionsError('DatabaseModule', [
    { path: 'client', problem: 'carries no data model. Generate it with Prisma 7.' },
  ]);
}

interface GeneratedClient {
  readonly _runtimeDataModel?: { readonly models?: Readonly<Record<string, DataModel>> | null };
}

/** Only the text of the schema, which the client carries as well, says of an enum's values how the database names them. */
function withMappedEnums(model: DataModel, enums: SchemaText['enums']): DataModel {
  const isMapped = ({ kind, type }: DataModelField) => kind === 'enum' && mapsValues(enums.get(type));
  return {
    ...model,
    fields: model.fields.map((field) => (isMapped(field) ? { ...field, hasMappedValues: true } : field)),
  };
}

/** An enum that cannot be found is taken for mapped, which costs time and is never wrong. */
function mapsValues(values: ReadonlyMap<string, string> | undefined): boolean {
  return values === undefined || [...values].some(([name, stored]) => name !== stored);
}

/** The delegate of a model as the client names it: `OrderItem` is `client.orderItem`. */
export function delegateName(modelName: string): string {
  return modelName.charAt(0).toLowerCase() + modelName.slice(1);
}

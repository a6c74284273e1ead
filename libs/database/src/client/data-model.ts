import { InvalidOptionsError } from '../config/config.errors.js';

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
  const model = (client as { readonly _runtimeDataModel?: RuntimeDataModel } | null)?._runtimeDataModel;
  if (typeof model?.models === 'object' && model.models !== null) {
    return Object.fromEntries(
      Object.entries(model.models).map(([name, one]) => [name, withMappedEnums(one, model.enums ?? {})]),
    );
  }
  throw new InvalidOptionsError('DatabaseModule', [
    { path: 'client', problem: 'carries no data model. Generate it with Prisma 7.' },
  ]);
}

interface RuntimeDataModel {
  readonly models?: Readonly<Record<string, DataModel>> | null;
  readonly enums?: Readonly<Record<string, EnumModel>>;
}

interface EnumModel {
  readonly values: readonly { readonly name: string; readonly dbName?: string | null }[];
}

function withMappedEnums(model: DataModel, enums: Readonly<Record<string, EnumModel>>): DataModel {
  const isMapped = ({ kind, type }: DataModelField) =>
    kind === 'enum' && enums[type]?.values.some(({ name, dbName }) => (dbName ?? name) !== name) === true;
  return {
    ...model,
    fields: model.fields.map((field) => (isMapped(field) ? { ...field, hasMappedValues: true } : field)),
  };
}

/** The delegate of a model as the client names it: `OrderItem` is `client.orderItem`. */
export function delegateName(modelName: string): string {
  return modelName.charAt(0).toLowerCase() + modelName.slice(1);
}

import { delegateName, type DataModel } from '../client/data-model.js';
import type { ModelColumn, ModelIndex, ModelTable } from './model-table.js';

/** One table as the catalog's query gives it. */
export interface CatalogRow {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly {
    readonly column: string;
    readonly type: string;
    readonly notNull: boolean;
    readonly hasDefault: boolean;
    readonly generated: boolean;
    readonly foldsTexts: boolean;
  }[];
  readonly indexes:
    | readonly {
        readonly name: string;
        readonly unique: boolean;
        readonly primary: boolean;
        readonly partial: boolean;
        readonly columns: readonly (string | null)[];
      }[]
    | null;
}

/** The model over its table; undefined when the table lacks one of its columns. */
export function describeTable(modelName: string, model: DataModel, row: CatalogRow): ModelTable | undefined {
  const columns = new Map<string, ModelColumn>();
  const fieldOf = new Map<string, string>();
  for (const { name, kind, type, isList = false, dbName, hasMappedValues } of model.fields) {
    if (kind === 'object') continue;
    const column = dbName ?? name;
    const found = row.columns.find((one) => one.column === column);
    if (found === undefined) return undefined;
    const { type: sqlType, notNull, hasDefault, generated, foldsTexts } = found;
    columns.set(name, {
      field: name,
      column,
      type,
      kind,
      // The client's data model does not say it of scalars (Prisma 7.10).
      isList: isList || sqlType.endsWith('[]'),
      ...(hasMappedValues === true && { hasMappedValues }),
      ...(foldsTexts && { foldsTexts }),
      sqlType,
      nullable: !notNull,
      hasDefault,
      generated,
    });
    fieldOf.set(column, name);
  }
  const relations = model.fields.flatMap(({ name, kind, type, isList = false, relationName }) =>
    kind === 'object'
      ? [[name, { field: name, model: delegateName(type), isList, relationName }] as const]
      : [],
  );
  const described = (row.indexes ?? []).map(({ name, unique, primary, partial, columns: keys }) => {
    const fields = keys.map((column) => (column === null ? undefined : fieldOf.get(column)));
    const known = fields.every((field) => field !== undefined) ? fields : undefined;
    return { primary, index: { name, unique, partial, fields: known } satisfies ModelIndex };
  });
  const keys = described.filter(({ index }) => index.unique && !index.partial);
  return {
    model: delegateName(modelName),
    modelName,
    schema: row.schema,
    table: row.table,
    columns,
    relations: new Map(relations),
    primaryKey: keys.find(({ primary }) => primary)?.index.fields ?? [],
    uniqueKeys: keys.flatMap(({ index }) => (index.fields === undefined ? [] : [index.fields])),
    indexes: new Map(described.map(({ index }) => [index.name, index])),
  };
}

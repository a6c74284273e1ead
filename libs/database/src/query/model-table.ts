/** A column that a field of the model maps to. */
export interface ModelColumn {
  readonly field: string;
  readonly column: string;
  /** Prisma's scalar type (`Int`, `BigInt`, `String`, `Decimal`, `DateTime`, `Json`, `Bytes`, …) or the enum's name. */
  readonly type: string;
  readonly kind: 'scalar' | 'enum' | 'unsupported';
  readonly isList: boolean;
  /** There for an enum of which a value has another name in the database than in the client. */
  readonly hasMappedValues?: true;
  /** Its collation takes texts for equal that are different, such as capitals and small letters. */
  readonly foldsTexts?: true;
  /** As PostgreSQL writes it in a cast, such as `numeric(8,3)`, `order_status` or `text[]`; qualified where it has to be. */
  readonly sqlType: string;
  readonly nullable: boolean;
  /** Whether the database fills it in when it is left out, identity columns included. */
  readonly hasDefault: boolean;
  /** Whether the database computes it always, so that it cannot be written. */
  readonly generated: boolean;
}

/** A field that leads to other records. */
export interface ModelRelation {
  readonly field: string;
  /** The delegate of the related model. */
  readonly model: string;
  readonly isList: boolean;
  readonly relationName: string | undefined;
}

/** An index by the columns it has, as fields; a column without a field, or an expression, leaves `fields` undefined. */
export interface ModelIndex {
  readonly name: string;
  readonly fields: readonly string[] | undefined;
  readonly unique: boolean;
  /** Whether it has a condition, and so says nothing about the other rows. */
  readonly partial: boolean;
}

/** A model and its table: what the schema of Prisma and the catalog of PostgreSQL say together. */
export interface ModelTable {
  /** The delegate, such as `orderItem`. */
  readonly model: string;
  /** The name in the schema, such as `OrderItem`. */
  readonly modelName: string;
  readonly schema: string;
  readonly table: string;
  /** By field, in the order of the schema. */
  readonly columns: ReadonlyMap<string, ModelColumn>;
  /** By field. */
  readonly relations: ReadonlyMap<string, ModelRelation>;
  /** Fields; empty for a view, or where a column of the key has no field. */
  readonly primaryKey: readonly string[];
  /** Fields of every key that names at most one row; the primary key comes first. Nullable columns are possible. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** By the name of the index, constraints included. */
  readonly indexes: ReadonlyMap<string, ModelIndex>;
}

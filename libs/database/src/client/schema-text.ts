/** What the text of a schema says of a field and a generated client's data model does not. */
export interface FieldDefaults {
  /** `@updatedAt`, which Prisma fills in the client. */
  readonly updatedAt: boolean;
  /** What `@default(…)` holds, such as `uuid(7)` or `now()`; undefined without one. */
  readonly byDefault: string | undefined;
}

/** What the text of a schema says beside the data model. */
export interface SchemaText {
  /** By model and field, both as the schema names them. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, FieldDefaults>>;
  /** By enum: the names in the database, where they differ from those in the schema. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const BLOCK = /^\s*(model|enum)\s+(\w+)\s*\{\s*$/;

/**
 * Reads the schema that a generated client carries along, under a name that is not documented (Prisma 7.10). A client
 * without it is as one whose schema says nothing of the kind.
 */
export function readSchemaText(client: unknown): SchemaText {
  const config = (client as { readonly _engineConfig?: { readonly inlineSchema?: unknown } } | null)
    ?._engineConfig;
  return parseSchemaText(typeof config?.inlineSchema === 'string' ? config.inlineSchema : '');
}

export function parseSchemaText(schema: string): SchemaText {
  const fields = new Map<string, Map<string, FieldDefaults>>();
  const enums = new Map<string, Map<string, string>>();
  let take: ((name: string, attributes: string) => void) | undefined;
  for (const line of schema.split('\n')) {
    const code = withoutComment(line);
    const block = BLOCK.exec(code);
    if (block !== null) {
      const [, kind, name = ''] = block;
      take = kind === 'model' ? takeFields(fields, name) : takeValues(enums, name);
    } else if (code.trim() === '}') take = undefined;
    else {
      const entry = /^\s*(\w+)\s*(.*)$/.exec(code);
      if (entry !== null) take?.(entry[1] ?? '', entry[2] ?? '');
    }
  }
  return { fields, enums };
}

function takeFields(fields: Map<string, Map<string, FieldDefaults>>, model: string) {
  const found = new Map<string, FieldDefaults>();
  fields.set(model, found);
  return (name: string, attributes: string) => {
    found.set(name, {
      updatedAt: /@updatedAt\b/.test(attributes.replace(TEXT, '""')),
      byDefault: argumentOf('@default', attributes),
    });
  };
}

function takeValues(enums: Map<string, Map<string, string>>, name: string) {
  const found = new Map<string, string>();
  enums.set(name, found);
  return (value: string, attributes: string) => {
    const mapped = argumentOf('@map', attributes);
    if (mapped !== undefined) found.set(value, JSON.parse(mapped) as string);
  };
}

const TEXT = /"(?:[^"\\]|\\.)*"/g;
/** A text, or anything but texts and parentheses. */
const PIECE = `${TEXT.source}|[^"()]`;

/** What stands in the parentheses of an attribute, which may hold parentheses and texts themselves. */
function argumentOf(attribute: string, attributes: string): string | undefined {
  const pattern = new RegExp(`(?:^|\\s)${attribute}\\(((?:${PIECE}|\\((?:${PIECE})*\\))*)\\)`);
  const argument = pattern.exec(attributes)?.[1];
  return argument?.replace(/^\s*(?:value|name)\s*:\s*/, '').trim();
}

/** A comment begins with two slashes outside of a text. */
function withoutComment(line: string): string {
  const code = /^(?:"(?:[^"\\]|\\.)*"|(?!\/\/)[^"])*/.exec(line);
  return code?.[0] ?? line;
}

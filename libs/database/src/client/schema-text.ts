import { readProperty } from '../common/safe-read.js';

/** What the text of a schema says of a field and a generated client's data model does not. */
export interface FieldText {
  readonly isList: boolean;
  readonly isNullable: boolean;
  /** The type in the database where the schema names one: `Uuid` for `@db.Uuid`. */
  readonly nativeType: string | undefined;
  /** The first figure of the native type: 50 for `@db.VarChar(50)`. */
  readonly nativeSize: number | undefined;
  /** `@updatedAt`, which Prisma fills in the client. */
  readonly updatedAt: boolean;
  /** What `@default(…)` holds, such as `uuid(7)` or `now()`; undefined without one. */
  readonly byDefault: string | undefined;
}

/** What the text of a schema says beside the data model. */
export interface SchemaText {
  /** By model or view, and field, as the schema names them. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, FieldText>>;
  /** By enum and value, in the order of the schema: the value's name in the database. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const BLOCK = /^\s*(model|view|enum)\s+(\w+)\s*\{\s*$/;

/**
 * The schema that a generated client carries along, under a name that is not documented (Prisma 7.10); undefined for a
 * client without it.
 */
export function schemaTextOf(client: unknown): string | undefined {
  const text = readProperty(readProperty(client, '_engineConfig'), 'inlineSchema');
  return typeof text === 'string' ? text : undefined;
}

/** A client without the text is as one whose schema says nothing of the kind. */
export function readSchemaText(client: unknown): SchemaText {
  return parseSchemaText(schemaTextOf(client) ?? '');
}

export function parseSchemaText(schema: string): SchemaText {
  const fields = new Map<string, Map<string, FieldText>>();
  const enums = new Map<string, Map<string, string>>();
  let take: ((name: string, attributes: string) => void) | undefined;
  for (const line of schema.split(/\r?\n/)) {
    const code = withoutComment(line);
    const block = BLOCK.exec(code);
    if (block !== null) {
      const [, kind, name = ''] = block;
      take = kind === 'enum' ? takeValues(enums, name) : takeFields(fields, name);
    } else if (code.trim() === '}') take = undefined;
    else {
      const entry = /^\s*(\w+)\s*(.*)$/.exec(code);
      if (entry !== null) take?.(entry[1] ?? '', entry[2] ?? '');
    }
  }
  return { fields, enums };
}

function takeFields(fields: Map<string, Map<string, FieldText>>, model: string) {
  const found = new Map<string, FieldText>();
  fields.set(model, found);
  return (name: string, declaration: string) => {
    const bare = declaration.replace(TEXT, '""');
    const [, modifier] = MODIFIER.exec(bare) ?? [];
    const [, nativeType, size] = NATIVE.exec(bare) ?? [];
    found.set(name, {
      isList: modifier === '[]',
      isNullable: modifier === '?',
      nativeType,
      nativeSize: size === undefined ? undefined : Number(size),
      updatedAt: /@updatedAt\b/.test(bare),
      byDefault: argumentOf(DEFAULT, declaration),
    });
  };
}

function takeValues(enums: Map<string, Map<string, string>>, name: string) {
  const found = new Map<string, string>();
  enums.set(name, found);
  return (value: string, attributes: string) => {
    const mapped = argumentOf(MAP, attributes);
    found.set(value, mapped === undefined ? value : (JSON.parse(mapped) as string));
  };
}

const TEXT = /"(?:[^"\\]|\\.)*"/g;
/** A text, or anything but texts and parentheses. */
const PIECE = `${TEXT.source}|[^"()]`;

const DEFAULT = attribute('@default');
const MAP = attribute('@map');
const MODIFIER = /^\w+(\?|\[\])?(?:\s|$)/;
const NATIVE = /\s@\w+\.(\w+)(?:\((\d+))?/;

/** What stands in the parentheses of an attribute may hold parentheses and texts itself. */
function attribute(name: string): RegExp {
  return new RegExp(`(?:^|\\s)${name}\\(((?:${PIECE}|\\((?:${PIECE})*\\))*)\\)`);
}

function argumentOf(pattern: RegExp, attributes: string): string | undefined {
  const argument = pattern.exec(attributes)?.[1];
  return argument?.replace(/^\s*(?:value|name)\s*:\s*/, '').trim();
}

/** A comment begins with two slashes outside of a text. */
function withoutComment(line: string): string {
  const code = /^(?:"(?:[^"\\]|\\.)*"|(?!\/\/)[^"])*/.exec(line);
  return code?.[0] ?? line;
}

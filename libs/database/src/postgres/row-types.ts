import pg from 'pg';

/** What the driver cannot make by itself without losing digits. */
export type DecimalParser = (text: string) => unknown;

/** The object identifiers of the types below in `pg_type`, which are the same in every server. */
const OID = {
  bytea: 17,
  int8: 20,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  numeric: 1700,
} as const;
const LIST_OID: Readonly<Record<keyof typeof OID, number>> = {
  bytea: 1001,
  int8: 1016,
  date: 1182,
  time: 1183,
  timestamp: 1115,
  timestamptz: 1185,
  timetz: 1270,
  numeric: 1231,
};

type Parser = (text: string) => unknown;

/** What `pg.types.arrayParser` is (pg-types 2.2); @types/pg declares a function. */
interface ListParser {
  create(text: string, parse: Parser): { parse(): unknown[] };
}

/**
 * How the text of a value becomes JavaScript: as Prisma does it, whatever the time zone of the process. The driver alone
 * reads dates and timestamps in the process' time zone, and int8 and numeric as text.
 */
export function createRowTypes(parseDecimal: DecimalParser): pg.CustomTypesConfig {
  const parseBytes = pg.types.getTypeParser(OID.bytea) as (text: string) => Buffer;
  const parsers: Readonly<Record<keyof typeof OID, Parser>> = {
    // A copy of its own: the driver's buffer may be a part of a larger one.
    bytea: (text) => Uint8Array.from(parseBytes(text)),
    int8: BigInt,
    date: (text) => new Date(`${text}T00:00:00Z`),
    time: (text) => new Date(`1970-01-01T${text}Z`),
    timestamp: (text) => new Date(`${text.replace(' ', 'T')}Z`),
    timestamptz: (text) => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')),
    // Prisma drops the offset of a time.
    timetz: (text) => new Date(`1970-01-01T${text.replace(/[+-][\d:]+$/, '')}Z`),
    numeric: parseDecimal,
  };
  const lists = pg.types.arrayParser as unknown as ListParser;
  const byOid = new Map<number, Parser>();
  for (const name of Object.keys(OID) as (keyof typeof OID)[]) {
    const parse = parsers[name];
    byOid.set(OID[name], parse);
    byOid.set(LIST_OID[name], (text) => lists.create(text, parse).parse());
  }
  const getTypeParser = (oid: number, format: 'text' | 'binary' = 'text') =>
    (format === 'text' ? byOid.get(oid) : undefined) ?? (pg.types.getTypeParser(oid, format) as Parser);
  return { getTypeParser };
}

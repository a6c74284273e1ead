import { randomBytes, randomUUID } from 'node:crypto';
import type { FieldText } from '../../client/schema-text.js';
import type { ModelColumn } from '../../query/model-table.js';

/**
 * What becomes of a column that a row leaves out: the database fills it in, we fill it in as Prisma's client does, or
 * nobody can.
 */
export type LeftOut =
  | { readonly by: 'database' }
  | { readonly by: 'client'; readonly value: () => unknown }
  | { readonly by: 'nobody'; readonly problem: string };

const DATABASE: LeftOut = { by: 'database' };

/** @param now - one instant for all rows of a call */
export function leftOut(column: ModelColumn, defaults: FieldText | undefined, now: Date): LeftOut {
  if (defaults?.updatedAt === true) return { by: 'client', value: () => now };
  if (column.hasDefault || column.generated) return DATABASE;
  const byDefault = defaults?.byDefault;
  switch (byDefault?.replaceAll(' ', '')) {
    case undefined:
      if (column.nullable) return DATABASE;
      // Prisma writes an empty list where none is given.
      return column.isList
        ? { by: 'client', value: () => [] }
        : { by: 'nobody', problem: 'is missing; the column has no default.' };
    case 'now()':
      return { by: 'client', value: () => now };
    case 'uuid()':
    case 'uuid(4)':
      return { by: 'client', value: randomUUID };
    case 'uuid(7)':
      return { by: 'client', value: () => uuid7(now) };
    default:
      return {
        by: 'nobody',
        problem: `is missing, and the database has no default for it: Prisma makes \`${byDefault}\` in the client. Give the value, or use createMany.`,
      };
  }
}

/** RFC 9562: milliseconds, then chance. */
function uuid7(now: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

import type { Arguments } from '../defined-filters.js';
import { isPlainObject } from '../record-id.js';

/** Arguments whose records carry the fields that they are told apart by, and which of those the caller did not want. */
export interface KeyedShape {
  readonly args: Arguments;
  readonly unwanted: readonly string[];
}

/** @param hidden - whether the client leaves such fields out by itself (`new PrismaClient({ omit })`) */
export function keyedShape(shape: Arguments, fields: readonly string[], hidden: boolean): KeyedShape {
  const { select, omit } = shape;
  if (isPlainObject(select)) {
    const unwanted = fields.filter((field) => select[field] !== true);
    return { args: { ...shape, select: { ...select, ...valueForAll(unwanted, true) } }, unwanted };
  }
  const omitted = isPlainObject(omit) ? omit : {};
  // Unless the call itself says `false`, what the client hides stays hidden.
  const unwanted = fields.filter((field) => omitted[field] === true || (hidden && omitted[field] !== false));
  if (unwanted.length === 0) return { args: shape, unwanted };
  return { args: { ...shape, omit: { ...omitted, ...valueForAll(unwanted, false) } }, unwanted };
}

/** The record as the caller wanted it. */
export function withoutFields(record: Arguments, unwanted: readonly string[]): Arguments {
  if (unwanted.length === 0) return record;
  return Object.fromEntries(Object.entries(record).filter(([field]) => !unwanted.includes(field)));
}

function valueForAll(fields: readonly string[], value: boolean): Readonly<Record<string, boolean>> {
  return Object.fromEntries(fields.map((field) => [field, value]));
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidCursorError } from '../../errors/invalid-cursor.error.js';
import type { PageOrder } from './page-order.js';

/** The value of each column of the order as PostgreSQL's text, which is exact to the microsecond; null for NULL. */
export type CursorValues = readonly (string | null)[];

/** What a cursor holds good for. */
export interface CursorScope {
  readonly connection: string;
  readonly model: string;
  readonly order: PageOrder;
}

type Key = string | Buffer;

const VERSION = 1;
/** 128 bits: what a forger would have to guess. */
const MAC_BYTES = 16;

/** Version, values and the authentication code over both and the scope, as text for a URL. */
export function writeCursor(key: Key, scope: CursorScope, values: CursorValues): string {
  const payload = Buffer.concat([Buffer.of(VERSION), Buffer.from(JSON.stringify(values))]);
  return Buffer.concat([payload, authenticate(key, scope, payload)]).toString('base64url');
}

/**
 * @param path - the argument it was given as
 * @throws {@link InvalidCursorError} for whatever {@link writeCursor} has not written for this scope with one of the keys
 */
export function readCursor(
  keys: readonly Key[],
  scope: CursorScope,
  cursor: string,
  path: string,
): CursorValues {
  const bytes = Buffer.from(cursor, 'base64url');
  const payload = bytes.subarray(0, -MAC_BYTES);
  const mac = bytes.subarray(-MAC_BYTES);
  // Different texts can stand for the same bytes; only one of them is ours.
  const isCanonical = bytes.toString('base64url') === cursor;
  const isOurs =
    isCanonical &&
    payload.length > 0 &&
    payload[0] === VERSION &&
    keys.some((key) => timingSafeEqual(authenticate(key, scope, payload), mac));
  if (!isOurs) throw new InvalidCursorError(path);
  return JSON.parse(payload.toString('utf8', 1)) as CursorValues;
}

function authenticate(key: Key, { connection, model, order }: CursorScope, payload: Buffer): Buffer {
  const columns = order.map(({ column, direction, nulls }) => [column.field, direction, nulls]);
  return createHmac('sha256', key)
    .update(JSON.stringify([connection, model, columns]))
    .update('\0')
    .update(payload)
    .digest()
    .subarray(0, MAC_BYTES);
}

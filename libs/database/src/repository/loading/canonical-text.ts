import { isPlainObject } from '../record-id.js';

/**
 * A text that is equal for arguments that ask for the same, whatever the order of their keys; undefined where an object
 * is among them whose meaning cannot be read off, such as a reference to a field.
 */
export function canonicalText(value: unknown): string | undefined {
  switch (typeof value) {
    case 'object':
      return value === null ? 'null' : textOfObject(value);
    case 'number':
      // JSON makes null of what is not finite, and 0 of -0.
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
    case 'symbol':
      return undefined;
    default:
      return value === undefined ? 'undefined' : JSON.stringify(value);
  }
}

function textOfObject(value: object): string | undefined {
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Uint8Array) return `Bytes(${Buffer.from(value).toString('base64')})`;
  if (Array.isArray(value))
    return textOfList(
      value.map((each) => canonicalText(each)),
      '[]',
    );
  if (!isPlainObject(value)) return undefined;
  const parts = Object.keys(value)
    .sort()
    .map((key) => {
      const text = canonicalText(value[key]);
      return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`;
    });
  return textOfList(parts, '{}');
}

function textOfList(parts: readonly (string | undefined)[], [open, close]: string): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(',')}${close}`;
}

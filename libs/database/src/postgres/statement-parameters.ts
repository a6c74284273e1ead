import { timestampText } from '../common/timestamp-text.js';
import { ValidationError } from '../errors/validation.error.js';

/** The wire protocol counts parameters in 16 bits. */
export const MAX_PARAMETERS = 65_535;

/** Whether a value is a decimal number of Prisma's, whatever copy of the class made it. */
export type DecimalTest = (value: unknown) => boolean;

/**
 * The values as the driver may send them. Objects are only taken where their meaning is beyond doubt: what came out of
 * `JSON.parse` becomes JSON text and never anything else, also where the driver would ask it for a `toPostgres`.
 *
 * @throws {@link ValidationError} naming the parameter, for what cannot be one; nothing is sent
 */
export function encodeParameters(values: readonly unknown[], isDecimal: DecimalTest): unknown[] {
  if (values.length > MAX_PARAMETERS) {
    throw new ValidationError(
      'values',
      `holds ${values.length} parameters; a statement can carry ${MAX_PARAMETERS}. Send the values as one array (\`= ANY($1)\`, \`unnest($1::…)\`), or in several statements.`,
    );
  }
  return values.map((value, index) => encode(value, `values[${index}]`, isDecimal));
}

function encode(value: unknown, path: string, isDecimal: DecimalTest): unknown {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0'))
        throw new ValidationError(path, 'holds a NUL character, which PostgreSQL cannot store.');
      return value;
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : encodeObject(value, path, isDecimal);
    default:
      throw new ValidationError(
        path,
        `is ${typeof value}, which is no value. Give null for NULL, or leave the condition out.`,
      );
  }
}

function encodeObject(value: object, path: string, isDecimal: DecimalTest): unknown {
  // Written by the driver, which quotes each element as its text.
  if (Array.isArray(value))
    return value.map((element, index) => encode(element, `${path}[${index}]`, isDecimal));
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new ValidationError(path, 'is an invalid Date.');
    // The driver would write local time, and nothing before year 1.
    return timestampText(value);
  }
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (isDecimal(value)) return (value as { toString(): string }).toString();
  return jsonText(value, path);
}

function jsonText(value: object, path: string): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new ValidationError(
      path,
      `is an object of the class ${value.constructor.name}, which is no value. Give a scalar, a Date, a Uint8Array, an array of them, or a plain object for JSON.`,
    );
  }
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new ValidationError(path, `cannot be written as JSON: ${(error as Error).message}`);
  }
}

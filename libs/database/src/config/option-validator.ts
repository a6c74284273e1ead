import type { OptionViolation } from './option-violation.js';

/** A closed interval of integers. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Reads options of unknown shape and collects everything that is wrong with them, so that one error can list it all.
 *
 * A reader returns its fallback where the value is unusable: the result is only valid while {@link violations} is empty.
 */
export class OptionValidator {
  readonly violations: OptionViolation[] = [];

  constructor(private readonly prefix = '') {}

  /** Records a problem with the option at `path`. */
  reject(path: string, problem: string): void {
    this.violations.push({ path: this.prefix === '' ? path : `${this.prefix}.${path}`, problem });
  }

  /** A validator for the options below `key`, which reports here. */
  nested(key: string): OptionValidator {
    const nested = new OptionValidator(this.prefix === '' ? key : `${this.prefix}.${key}`);
    Object.defineProperty(nested, 'violations', { value: this.violations });
    return nested;
  }

  /** The value as an object of options with no key outside `known`; an absent one is empty. */
  object(value: unknown, path: string, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (value === undefined) return {};
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.reject(path, `is ${kindOf(value)}, expected an object.`);
      return {};
    }
    const record = value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(record)) {
      if (!known.includes(key)) {
        this.reject(
          path === '' ? key : `${path}.${key}`,
          `is not a known option. Known are: ${known.join(', ')}.`,
        );
      }
    }
    return record;
  }

  integer(value: unknown, path: string, fallback: number, { min, max }: IntegerRange): number {
    if (value === undefined) return fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.reject(path, `is ${shown(value)}, expected an integer in [${min}, ${max}].`);
    return fallback;
  }

  /** A number, fractions included. */
  number(value: unknown, path: string, fallback: number, { min, max }: IntegerRange): number {
    if (value === undefined) return fallback;
    if (typeof value === 'number' && value >= min && value <= max) return value;
    this.reject(path, `is ${shown(value)}, expected a number in [${min}, ${max}].`);
    return fallback;
  }

  boolean(value: unknown, path: string, fallback: boolean): boolean {
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    this.reject(path, `is ${shown(value)}, expected true or false.`);
    return fallback;
  }

  /** A text that is not empty; its value is never repeated in a problem, as it may be a secret. */
  text<Fallback extends string | undefined>(
    value: unknown,
    path: string,
    fallback: Fallback,
  ): string | Fallback {
    if (value === undefined) return fallback;
    if (typeof value === 'string' && value.trim() !== '') return value;
    this.reject(path, `is ${typeof value === 'string' ? 'an empty text' : kindOf(value)}, expected a text.`);
    return fallback;
  }

  oneOf<Allowed extends string, Fallback extends Allowed | undefined>(
    value: unknown,
    path: string,
    fallback: Fallback,
    allowed: readonly Allowed[],
  ): Allowed | Fallback {
    if (value === undefined) return fallback;
    const match = allowed.find((candidate) => candidate === value);
    if (match !== undefined) return match;
    this.reject(path, `is ${shown(value)}, expected one of: ${allowed.join(', ')}.`);
    return fallback;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}

function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : kindOf(value);
}

import type { OptionViolation } from './option-violation.js';

/** A closed interval. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** A value that counts where the option itself is not given, and where it comes from. */
interface Offer {
  readonly value: unknown;
  readonly source: string;
}

/**
 * Reads options of unknown shape and collects everything that is wrong with them, so that one error can list it all.
 *
 * A reader returns its fallback where the value is unusable: the result is only valid while {@link violations} is empty.
 */
export class OptionValidator {
  readonly violations: OptionViolation[] = [];
  private readonly offers = new Map<string, Offer>();
  /** What an option is called in a problem, where it was taken from an offer. */
  private readonly names = new Map<string, string>();

  constructor(private readonly prefix = '') {}

  /** Records a problem with the option at `path`. */
  reject(path: string, problem: string): void {
    this.violations.push({ path: this.nameOf(path), problem });
  }

  /** What the user calls the option at `path`: its path, or the variable or parameter its value was taken from. */
  nameOf(path: string): string {
    const full = this.fullPath(path);
    return this.names.get(full) ?? full;
  }

  /**
   * A value for the option at `path` from a source of lower rank, such as a variable; the first offer counts. It is
   * checked like the option, and a problem is reported under the name of the source.
   */
  offer(path: string, value: unknown, source: string): void {
    const full = this.fullPath(path);
    if (value !== undefined && !this.offers.has(full)) this.offers.set(full, { value, source });
  }

  /** A validator for the options below `key`, which reports here. */
  nested(key: string): OptionValidator {
    const nested = new OptionValidator(this.fullPath(key));
    const { violations, offers, names } = this;
    return Object.defineProperties(nested, {
      violations: { value: violations },
      offers: { value: offers },
      names: { value: names },
    });
  }

  /**
   * The value as an object of options with no key outside `known`; an absent one is empty.
   *
   * Every option is read once, so that a getter cannot answer differently when the value is used; options that a class
   * inherits count as well.
   */
  object(value: unknown, path: string, known: readonly string[]): Readonly<Record<string, unknown>> {
    if (value === undefined) return {};
    const at = (key: string) => (path === '' ? key : `${path}.${key}`);
    if (typeof value !== 'object' || value === null || !isOptionsObject(value)) {
      this.reject(path, `is ${kindOf(value)}, expected an object${value === null ? LEAVE_OUT : ''}.`);
      return {};
    }
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) {
        this.reject(at(key), `is not a known option. Known are: ${known.join(', ')}.`);
      }
    }
    const options: Record<string, unknown> = {};
    for (const key of known) {
      try {
        if (key in value) options[key] = Reflect.get(value, key);
      } catch {
        // The error may be anything, a secret included.
        this.reject(at(key), 'could not be read: its getter throws.');
      }
    }
    return options;
  }

  integer(value: unknown, path: string, fallback: number, { min, max }: IntegerRange): number {
    const given = this.given(value, path);
    if (given === undefined) return fallback;
    if (typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max) return given;
    this.reject(path, `is ${shown(given)}, expected an integer in [${min}, ${max}]${hintOn(given)}.`);
    return fallback;
  }

  /** A number, fractions included. */
  number(value: unknown, path: string, fallback: number, { min, max }: IntegerRange): number {
    const given = this.given(value, path);
    if (given === undefined) return fallback;
    if (typeof given === 'number' && given >= min && given <= max) return given;
    this.reject(path, `is ${shown(given)}, expected a number in [${min}, ${max}]${hintOn(given)}.`);
    return fallback;
  }

  boolean(value: unknown, path: string, fallback: boolean): boolean {
    const given = this.given(value, path);
    if (given === undefined) return fallback;
    if (typeof given === 'boolean') return given;
    this.reject(path, `is ${shown(given)}, expected true or false${hintOn(given)}.`);
    return fallback;
  }

  /** A text that is not empty; its value is never repeated in a problem, as it may be a secret. */
  text<Fallback extends string | undefined>(
    value: unknown,
    path: string,
    fallback: Fallback,
  ): string | Fallback {
    const given = this.given(value, path);
    if (given === undefined) return fallback;
    if (typeof given === 'string' && given.trim() !== '') return given;
    const kind = typeof given === 'string' ? 'an empty text' : kindOf(given);
    this.reject(path, `is ${kind}, expected a text${hintOn(given)}.`);
    return fallback;
  }

  oneOf<Allowed extends string, Fallback extends Allowed | undefined>(
    value: unknown,
    path: string,
    fallback: Fallback,
    allowed: readonly Allowed[],
  ): Allowed | Fallback {
    const given = this.given(value, path);
    if (given === undefined) return fallback;
    const match = allowed.find((candidate) => candidate === given);
    if (match !== undefined) return match;
    this.reject(path, `is ${shown(given)}, expected one of: ${allowed.join(', ')}${hintOn(given)}.`);
    return fallback;
  }

  private given(value: unknown, path: string): unknown {
    if (value !== undefined) return value;
    const full = this.fullPath(path);
    const offer = this.offers.get(full);
    if (offer !== undefined) this.names.set(full, offer.source);
    return offer?.value;
  }

  private fullPath(path: string): string {
    if (this.prefix === '') return path;
    return path === '' ? this.prefix : `${this.prefix}.${path}`;
  }
}

const LEAVE_OUT = ' (leave it out, or give undefined)';

/** Instances of classes may hold options; a promise, a map or a date was meant to be something else. */
function isOptionsObject(value: object): boolean {
  return ['[object Object]', '[object Module]'].includes(Object.prototype.toString.call(value));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Promise) return 'a promise that was not awaited';
  return typeof value === 'object' ? 'an object of another kind' : `of type ${typeof value}`;
}

function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : kindOf(value);
}

function hintOn(value: unknown): string {
  if (Number.isNaN(value)) return ' (NaN is what a variable that is not set gives as a number)';
  return value === null ? LEAVE_OUT : '';
}

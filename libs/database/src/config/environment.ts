import type { OptionValidator } from './option-validator.js';

/** A variable that sets a number. */
export interface NumberVariable {
  readonly name: string;
  /** Other names for the same; names that are given with different values are refused. */
  readonly aliases?: readonly string[];
  /** The option it stands for. */
  readonly option: string;
  /** Seconds are Prisma's unit; undefined for what is no duration. */
  readonly unit: 'ms' | 's' | undefined;
}

/** Every variable that sets a number; the documentation's table is made from it. */
export const NUMBER_VARIABLES: readonly NumberVariable[] = [
  {
    name: 'DB_MAX_CONNECTIONS',
    aliases: ['DATABASE_POOL_SIZE', 'DB_CONNECTION_LIMIT'],
    option: 'pool.max',
    unit: undefined,
  },
  { name: 'DB_MIN_CONNECTIONS', option: 'pool.min', unit: undefined },
  { name: 'DB_CONNECTION_TIMEOUT', option: 'pool.connectTimeoutMs', unit: 'ms' },
  { name: 'DB_POOL_TIMEOUT', option: 'pool.acquireTimeoutMs', unit: 's' },
  { name: 'DB_IDLE_TIMEOUT', option: 'pool.idleTimeoutMs', unit: 'ms' },
  { name: 'DB_MAX_LIFETIME', option: 'pool.maxLifetimeMs', unit: 'ms' },
  { name: 'DB_STATEMENT_TIMEOUT', option: 'timeouts.statementMs', unit: 'ms' },
  { name: 'DB_RETRY_ATTEMPTS', option: 'startup.attempts', unit: undefined },
  { name: 'DB_RETRY_DELAY', option: 'startup.initialDelayMs', unit: 'ms' },
];

/** Longest wait that may be given in seconds: as long as `pool.acquireTimeoutMs` may be. */
export const MAX_WAIT_SECONDS = 600;

/** The variables of the process, or those that were given instead of them. */
export class Environment {
  constructor(private readonly variables: Readonly<Record<string, unknown>>) {}

  /** Where the option `env` says that variables are read from. */
  static from(value: unknown, validator: OptionValidator): Environment {
    if (value === undefined) return new Environment(process.env);
    if (value === false) return new Environment({});
    if (typeof value === 'object' && value !== null) return new Environment(value as Record<string, unknown>);
    validator.reject('env', 'is neither an object of variables nor false.');
    return new Environment({});
  }

  /** The variable's text; an empty one counts as absent: that is how shells and compose files unset one. */
  text(name: string): string | undefined {
    const value = this.variables[name];
    return typeof value === 'string' && value.trim() !== '' ? value : undefined;
  }

  /** Offers every variable that sets a number to the option it stands for. */
  offerNumbers(validator: OptionValidator): void {
    for (const { name, aliases = [], option, unit } of NUMBER_VARIABLES) {
      const [first, ...others] = [name, ...aliases].filter((candidate) => this.text(candidate) !== undefined);
      if (first === undefined) continue;
      const text = this.text(first)?.trim() ?? '';
      const other = others.find((candidate) => this.text(candidate)?.trim() !== text);
      if (other !== undefined) {
        validator.reject(other, `says the same as \`${first}\` but has another value. Set one of them.`);
      }
      if (unit === 's') offerSeconds(text, option, first, validator);
      else validator.offer(option, toNumber(text), first);
    }
  }
}

/**
 * Offers a wait that is given in whole seconds. 0 is refused by name: it means "for ever" to Prisma, and nothing here
 * waits for ever.
 */
export function offerSeconds(text: string, option: string, source: string, validator: OptionValidator): void {
  const seconds = toNumber(text);
  if (typeof seconds === 'number' && seconds >= 1 && seconds <= MAX_WAIT_SECONDS) {
    validator.offer(option, seconds * 1_000, source);
    return;
  }
  const shown = typeof seconds === 'number' ? String(seconds) : JSON.stringify(text.slice(0, 40));
  validator.reject(
    source,
    `is ${shown}, expected whole seconds in [1, ${MAX_WAIT_SECONDS}]${seconds === 0 ? '; waiting for ever is not possible' : ''}.`,
  );
}

/** The number a text spells in plain digits, otherwise the text, which no check for a number lets pass. */
export function toNumber(text: string): number | string {
  return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
}

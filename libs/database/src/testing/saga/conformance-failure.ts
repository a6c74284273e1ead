import { inspect } from 'node:util';

/**
 * An engine does not do what it has to, or what it says of itself.
 *
 * @public
 */
export class ConformanceFailure extends Error {
  /** As of every error. */
  override readonly name = 'ConformanceFailure';

  constructor(
    message: string,
    /** What has to be. */
    readonly expected?: unknown,
    /** What is. */
    readonly seen?: unknown,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** For people, on as few lines as it takes. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 6, breakLength: 120, sorted: false });
}

/** The message of an error, and those of its causes. */
export function told(error: unknown): string {
  if (!(error instanceof Error)) return shown(error);
  const { message, name, cause } = error;
  return `${name}: ${message}${cause === undefined ? '' : `\n    caused by ${told(cause)}`}`;
}

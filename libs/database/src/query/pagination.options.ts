import type { OptionValidator } from '../config/option-validator.js';
import { Secret } from '../config/secret.js';

/**
 * How repositories page. Under `NODE_ENV=production` whoever gives these options has to give a secret too, here or in the
 * environment: the start is refused otherwise. Where they are not given, the start warns and the first page is refused.
 *
 * @public
 */
export interface PaginationOptions {
  /**
   * What the cursors of pages are signed with: random text of 32 characters or more, the same in every instance. Of
   * several the first one signs and all verify, so that a secret can be replaced while pages are open.
   *
   * @defaultValue `DATABASE_CURSOR_SECRET`, separated by commas; otherwise a random one of the process, which is refused
   *   under `NODE_ENV=production`
   */
  readonly secret?: string | readonly string[] | undefined;
  /**
   * How many records a page may have at most; more are refused.
   *
   * Range: [1, 10 000].
   * @defaultValue 1_000
   */
  readonly maxPageSize?: number | undefined;
}

/**
 * The option `pagination`, checked and completed.
 *
 * @internal
 */
export interface ResolvedPaginationOptions {
  /** The first one signs; none were given where it is empty. */
  readonly secrets: readonly Secret[];
  /** Whether a random key will do where no secret was given. */
  readonly mayInventSecret: boolean;
  readonly maxPageSize: number;
}

export const DEFAULT_PAGINATION_OPTIONS = { maxPageSize: 1_000 } as const;

const KNOWN = ['secret', 'maxPageSize'];
const MIN_SECRET_LENGTH = 32;

export const MISSING_SECRET =
  'is missing, and pages need it in production: every instance has to accept the cursors of the others. Give it, or set DATABASE_CURSOR_SECRET (32 characters or more, such as `openssl rand -base64 32` makes).';

/** The variables that count for it. */
export interface PaginationVariables {
  readonly secret: string | undefined;
  readonly nodeEnv: string | undefined;
}

/** Checks the options under `pagination` and fills in the defaults. */
export function resolvePaginationOptions(
  value: unknown,
  validator: OptionValidator,
  variables: PaginationVariables,
): ResolvedPaginationOptions {
  const options = validator.object(value, '', KNOWN);
  const path = validator.nameOf('secret');
  const mayInventSecret = variables.nodeEnv !== 'production';
  const given = options.secret;
  const isMissing = given === undefined && variables.secret === undefined;
  if (isMissing && !mayInventSecret && value !== undefined) {
    validator.violations.push({ path, problem: MISSING_SECRET });
  }
  return {
    secrets:
      given === undefined
        ? checkSecrets(variables.secret?.split(','), 'DATABASE_CURSOR_SECRET', validator)
        : checkSecrets(Array.isArray(given) ? given : [given], path, validator),
    mayInventSecret,
    maxPageSize: validator.integer(
      options.maxPageSize,
      'maxPageSize',
      DEFAULT_PAGINATION_OPTIONS.maxPageSize,
      { min: 1, max: 10_000 },
    ),
  };
}

/** The text of a secret never gets into a problem. */
function checkSecrets(
  given: readonly unknown[] | undefined,
  source: string,
  validator: OptionValidator,
): Secret[] {
  if (given === undefined) return [];
  if (given.length === 0) validator.violations.push({ path: source, problem: 'is an empty list.' });
  return given.flatMap((secret) => {
    const text = typeof secret === 'string' ? secret.trim() : '';
    if (text.length >= MIN_SECRET_LENGTH) return [new Secret(text)];
    validator.violations.push({
      path: source,
      problem:
        typeof secret === 'string'
          ? `is too short: ${text.length} characters, at least ${MIN_SECRET_LENGTH} are needed. Make one with \`openssl rand -base64 32\`.`
          : 'holds something that is no text.',
    });
    return [];
  });
}

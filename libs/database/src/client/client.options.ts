import type { OptionValidator } from '../config/option-validator.js';
import type { ClientTransactionOptions } from './database-register.js';

/**
 * What is passed to the constructor of the generated client as it is.
 *
 * @public
 */
export interface ClientOptions {
  /** The fields that results leave out unless a query asks for them: `{ user: { passwordHash: true } }`. */
  readonly omit?: object | undefined;
  /**
   * How long Prisma's own error messages are.
   *
   * @defaultValue 'colorless', Prisma's own
   */
  readonly errorFormat?: 'pretty' | 'colorless' | 'minimal' | undefined;
  /**
   * Defaults of `prisma.$transaction`, in Prisma's names; those of {@link TransactionManager} are under `transaction`.
   */
  readonly transactionOptions?: Readonly<ClientTransactionOptions> | undefined;
}

const KNOWN = ['omit', 'errorFormat', 'transactionOptions'];
const DURATION = { min: 1, max: 3_600_000 };

/** Checks the options under `clientOptions`; what is not given is left to Prisma. */
export function resolveClientOptions(
  value: unknown,
  validator: OptionValidator,
): Readonly<Record<string, unknown>> {
  const options = validator.object(value, '', KNOWN);
  const transaction = validator.object(options.transactionOptions, 'transactionOptions', [
    'isolationLevel', 'maxWait', 'timeout',
  ]); // prettier-ignore
  validator.oneOf(options.errorFormat, 'errorFormat', undefined, ['pretty', 'colorless', 'minimal']);
  validator.text(transaction.isolationLevel, 'transactionOptions.isolationLevel', undefined);
  validator.integer(transaction.maxWait, 'transactionOptions.maxWait', 1, DURATION);
  validator.integer(transaction.timeout, 'transactionOptions.timeout', 1, DURATION);
  if (options.omit !== undefined && !isRecord(options.omit)) {
    validator.reject('omit', 'is not an object of models and their fields.');
  }
  return {
    ...(isRecord(options.omit) && { omit: copy(options.omit) }),
    ...(options.errorFormat !== undefined && { errorFormat: options.errorFormat }),
    ...(options.transactionOptions !== undefined && { transactionOptions: transaction }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The options are frozen once they are resolved; what belongs to the application is not. */
function copy(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, isRecord(entry) ? copy(entry) : entry]),
  );
}

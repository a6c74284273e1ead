import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';

/**
 * How sagas are kept and run in PostgreSQL.
 *
 * @public
 */
export interface PostgresSagaOptions {
  /**
   * How long a saga belongs to the instance that runs it without a sign of life, in milliseconds: as long takes a takeover at
   * most after a crash. It is prolonged three times within its time. Range: [100, 3 600 000].
   *
   * @defaultValue 30_000 (30 seconds)
   */
  readonly leaseMs?: number | undefined;
  /**
   * How often is looked for sagas that nobody runs, and for the end of those that others run, in milliseconds; notifications
   * save most of the wait. Range: [10, 600 000].
   *
   * @defaultValue 1_000 (1 second)
   */
  readonly pollMs?: number | undefined;
  /**
   * How many sagas that were enqueued or left this instance runs at the same time; `run` is not counted. Range: [1, 10 000].
   *
   * @defaultValue 50
   */
  readonly concurrency?: number | undefined;
  /**
   * Whether this instance runs what was enqueued, and goes on with what others have left. It runs its own `run` in any case.
   *
   * @defaultValue true
   */
  readonly execute?: boolean | undefined;
  /**
   * How long a saga is kept after its end, in milliseconds, and its key with it; dead ones are kept until somebody closes
   * them. `false` keeps all. Range: [1 000, 31 536 000 000].
   *
   * @defaultValue 2_592_000_000 (30 days)
   */
  readonly retentionMs?: number | false | undefined;
}

/** @internal */
export interface ResolvedPostgresSagaOptions {
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly concurrency: number;
  readonly execute: boolean;
  readonly retentionMs: number | undefined;
}

const DAY_MS = 86_400_000;
const KNOWN = ['leaseMs', 'pollMs', 'concurrency', 'execute', 'retentionMs'];

/** @throws {@link InvalidOptionsError} that lists everything that is wrong */
export function resolvePostgresSagaOptions(value: unknown): ResolvedPostgresSagaOptions {
  const validator = new OptionValidator();
  const options = validator.object(value, '', KNOWN);
  const { retentionMs } = options;
  const resolved = {
    leaseMs: validator.integer(options.leaseMs, 'leaseMs', 30_000, { min: 100, max: 3_600_000 }),
    pollMs: validator.integer(options.pollMs, 'pollMs', 1_000, { min: 10, max: 600_000 }),
    concurrency: validator.integer(options.concurrency, 'concurrency', 50, { min: 1, max: 10_000 }),
    execute: validator.boolean(options.execute, 'execute', true),
    retentionMs:
      retentionMs === false
        ? undefined
        : validator.integer(retentionMs, 'retentionMs', 30 * DAY_MS, { min: 1_000, max: 365 * DAY_MS }),
  };
  if (validator.violations.length > 0)
    throw new InvalidOptionsError('postgresSagaEngine', validator.violations);
  return resolved;
}

import { InvalidOptionsError } from '../config/config.errors.js';
import type { OptionValidator } from '../config/option-validator.js';
import { OutboxSinkSource, type OutboxDeliver, type OutboxSink } from './outbox-sink.port.js';

/**
 * The outbox; giving it, even empty, makes its tables and starts delivering.
 *
 * @public
 */
export interface OutboxOptions {
  /**
   * Where messages go, by topic, beside the methods with `@OutboxHandler`: a function, an object with `deliver`, or
   * `redisStreamSink(…)`. `*` is for every topic that has none of its own.
   */
  readonly sinks?: Readonly<Record<string, OutboxDeliver | OutboxSink | OutboxSinkSource>> | undefined;

  /**
   * Whether this instance delivers; false only writes.
   *
   * @defaultValue true
   */
  readonly deliver?: boolean | undefined;

  /**
   * How often it is looked for messages without having been woken, in milliseconds. It bounds how late a message is whose
   * wake-up was lost.
   *
   * Range: [10, 3 600 000].
   * @defaultValue 1_000 (1 second)
   */
  readonly pollMs?: number | undefined;

  /**
   * After what time, in milliseconds, another instance takes over what an instance that was killed, or has stalled, was
   * sweeping. It is renewed at a third of it.
   *
   * Range: [500, 3 600 000].
   * @defaultValue 30_000 (30 seconds)
   */
  readonly leaseMs?: number | undefined;

  /**
   * How many messages of one key are read at once.
   *
   * Range: [1, 10 000].
   * @defaultValue 100
   */
  readonly batchSize?: number | undefined;

  /**
   * How many keys are delivered side by side by this instance; a message without a key counts as a key.
   *
   * Range: [1, 1 000].
   * @defaultValue 10
   */
  readonly concurrency?: number | undefined;

  /**
   * How often a message is tried before it becomes a dead letter, the first time included.
   *
   * Range: [1, 1 000].
   * @defaultValue 10
   */
  readonly attempts?: number | undefined;

  /**
   * The longest pause after the first failure, in milliseconds; it doubles with each further one, and is drawn between 0 and
   * that.
   *
   * Range: [0, 3 600 000].
   * @defaultValue 1_000 (1 second)
   */
  readonly initialDelayMs?: number | undefined;

  /**
   * What the pause between two attempts never exceeds, in milliseconds.
   *
   * Range: [0, 86 400 000].
   * @defaultValue 300_000 (5 minutes)
   */
  readonly maxDelayMs?: number | undefined;

  /**
   * How long one delivery may take, in milliseconds; then its signal is aborted, and it counts as failed.
   *
   * Range: [10, 3 600 000].
   * @defaultValue 30_000 (30 seconds)
   */
  readonly timeoutMs?: number | undefined;

  /**
   * For how long a `dedupKey` keeps the same message from being written again, in milliseconds.
   *
   * Range: [1000, 31 536 000 000].
   * @defaultValue 604_800_000 (7 days)
   */
  readonly dedupRetentionMs?: number | undefined;

  /**
   * For how long dead letters are kept, in milliseconds; false keeps them until somebody deals with them.
   *
   * @defaultValue false
   */
  readonly deadRetentionMs?: number | false | undefined;
}

/** @internal */
export interface ResolvedOutboxOptions {
  readonly sinks: ReadonlyMap<string, OutboxSink | OutboxSinkSource>;
  readonly deliver: boolean;
  readonly pollMs: number;
  readonly leaseMs: number;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly attempts: number;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  readonly timeoutMs: number;
  readonly dedupRetentionMs: number;
  readonly deadRetentionMs: number | false;
}

export const DEFAULT_OUTBOX_OPTIONS = {
  deliver: true,
  pollMs: 1_000,
  leaseMs: 30_000,
  batchSize: 100,
  concurrency: 10,
  attempts: 10,
  initialDelayMs: 1_000,
  maxDelayMs: 300_000,
  timeoutMs: 30_000,
  dedupRetentionMs: 604_800_000,
  deadRetentionMs: false,
} as const satisfies Omit<ResolvedOutboxOptions, 'sinks'>;

const YEAR_MS = 31_536_000_000;

/** Checks the options under `outbox` and fills in the defaults; what is wrong is recorded in `validator`. */
export function resolveOutboxOptions(
  value: unknown,
  validator: OptionValidator,
): ResolvedOutboxOptions | undefined {
  if (value === undefined) return undefined;
  const defaults = DEFAULT_OUTBOX_OPTIONS;
  const options = validator.object(value, '', ['sinks', ...Object.keys(defaults)]);
  const integer = (
    name: Exclude<keyof typeof defaults, 'deliver' | 'deadRetentionMs'>,
    min: number,
    max: number,
  ) => validator.integer(options[name], name, defaults[name], { min, max });
  return {
    sinks: resolveSinks(options['sinks'], validator),
    deliver: validator.boolean(options['deliver'], 'deliver', defaults.deliver),
    pollMs: integer('pollMs', 10, 3_600_000),
    leaseMs: integer('leaseMs', 500, 3_600_000),
    batchSize: integer('batchSize', 1, 10_000),
    concurrency: integer('concurrency', 1, 1_000),
    attempts: integer('attempts', 1, 1_000),
    initialDelayMs: integer('initialDelayMs', 0, 3_600_000),
    maxDelayMs: integer('maxDelayMs', 0, 86_400_000),
    timeoutMs: integer('timeoutMs', 10, 3_600_000),
    dedupRetentionMs: integer('dedupRetentionMs', 1_000, YEAR_MS),
    deadRetentionMs:
      options['deadRetentionMs'] === undefined || options['deadRetentionMs'] === false
        ? false
        : validator.integer(options['deadRetentionMs'], 'deadRetentionMs', YEAR_MS, {
            min: 1_000,
            max: YEAR_MS,
          }),
  };
}

function resolveSinks(
  value: unknown,
  validator: OptionValidator,
): ReadonlyMap<string, OutboxSink | OutboxSinkSource> {
  const sinks = new Map<string, OutboxSink | OutboxSinkSource>();
  if (value === undefined) return sinks;
  if (typeof value !== 'object' || value === null) {
    validator.reject('sinks', 'is no object of sinks by topic.');
    return sinks;
  }
  for (const [topic, sink] of Object.entries(value)) {
    const checked = toSink(sink);
    if (checked === undefined)
      validator.reject(`sinks.${topic}`, 'is neither a function, nor an object with `deliver`, nor a sink.');
    else sinks.set(topic, checked);
  }
  return sinks;
}

function toSink(value: unknown): OutboxSink | OutboxSinkSource | undefined {
  if (value instanceof OutboxSinkSource) return value;
  if (typeof value === 'function') return { deliver: value as OutboxDeliver };
  if (typeof value !== 'object' || value === null) return undefined;
  // Called on the object itself, which may be an instance of a class.
  const sink = value as OutboxSink;
  return typeof sink.deliver === 'function'
    ? { deliver: (message, context) => sink.deliver(message, context) }
    : undefined;
}

/** What an application gives for one topic twice. */
export function refuseSecondSink(topic: string, first: string, second: string): InvalidOptionsError {
  return InvalidOptionsError.at(
    'The outbox',
    topic,
    `has two sinks, ${first} and ${second}. A message is delivered to one; let that one call both, or write two messages.`,
  );
}

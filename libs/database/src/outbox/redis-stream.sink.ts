import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { OutboxSinkSource, type OutboxServices, type OutboxSink } from './outbox-sink.port.js';

/**
 * For {@link redisStreamSink}.
 *
 * @public
 */
export interface RedisStreamSinkOptions {
  /** The key of the stream. */
  readonly stream: string;
  /**
   * How many entries the stream keeps, about: Redis trims whole nodes (`MAXLEN ~`). What a slow reader has not read by then
   * is gone.
   *
   * @defaultValue all
   */
  readonly maxLength?: number | undefined;
}

/**
 * Appends messages to a Redis stream, with the fields `id`, `topic`, `key`, `payload`, `headers` and `createdAt`; `key` is
 * missing where there is none. A message that is repeated is another entry with the same `id`.
 *
 * @throws {@link InvalidOptionsError} when the options are wrong
 *
 * @public
 */
export function redisStreamSink(options: RedisStreamSinkOptions): OutboxSinkSource {
  const validator = new OptionValidator();
  const { stream, maxLength } = validator.object(options, '', ['stream', 'maxLength']);
  const name = validator.text(stream, 'stream', undefined);
  if (stream === undefined) validator.reject('stream', 'is missing.');
  const limit =
    maxLength === undefined
      ? undefined
      : validator.integer(maxLength, 'maxLength', 1, { min: 1, max: Number.MAX_SAFE_INTEGER });
  if (validator.violations.length > 0) throw new InvalidOptionsError('redisStreamSink', validator.violations);
  return new RedisStreamSource(name ?? '', limit);
}

class RedisStreamSource extends OutboxSinkSource {
  constructor(
    private readonly stream: string,
    private readonly maxLength: number | undefined,
  ) {
    super();
  }

  open(topic: string, services: object): OutboxSink {
    const { stream, maxLength } = this;
    const { streams } = services as OutboxServices;
    if (streams === undefined) {
      throw InvalidOptionsError.at(
        'DatabaseModule',
        `outbox.sinks.${topic}`,
        'is a Redis stream, and Redis is switched off. Set REDIS_URL or give the option `redis: { url }`.',
      );
    }
    return {
      deliver: ({ id, key, payload, headers, createdAt, ...message }) => {
        const fields: [string, string][] = [
          ['id', id],
          ['topic', message.topic],
          ['payload', JSON.stringify(payload)],
          ['headers', JSON.stringify(headers)],
          ['createdAt', createdAt.toISOString()],
        ];
        if (key !== null) fields.push(['key', key]);
        return streams.append(stream, fields, maxLength);
      },
    };
  }
}

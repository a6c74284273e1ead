import { checkCharacters, jsonText } from '../config/json-text.js';
import { OptionValidator } from '../config/option-validator.js';
import { ValidationError } from '../errors/validation.error.js';

/**
 * A message that is to be written.
 *
 * @public
 */
export interface NewOutboxMessage {
  /** What it is about, 1 to 200 bytes; the sink is chosen by it. */
  readonly topic: string;
  /**
   * What has to stay in order, such as the id of an order, 1 to 1000 bytes: messages of one topic and key are delivered in the
   * order in which their transactions were committed, one after the other. Without a key there is no order. One transaction
   * may have 5 000 different ones.
   */
  readonly key?: string | undefined;
  /** JSON: texts, numbers, booleans, null, lists and plain objects of these. */
  readonly payload: unknown;
  /** Goes with the message, for what is no part of it: a trace, a tenant. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Writes the message only where none of the same topic was written under this key within `outbox.dedupRetentionMs`; 1 to 1000
   * bytes.
   */
  readonly dedupKey?: string | undefined;
  /**
   * Delivers it no earlier than so many milliseconds after the commit, a whole number in [0, 31 536 000 000]. Messages behind it
   * under the same key wait for it.
   */
  readonly delayMs?: number | undefined;
}

/** A message that was checked. */
export interface CheckedMessage {
  readonly topic: string;
  readonly key: string | null;
  /** As JSON. */
  readonly payload: string;
  /** As JSON. */
  readonly headers: string;
  readonly dedupKey: string | null;
  readonly delayMs: number;
}

const KNOWN = ['topic', 'key', 'payload', 'headers', 'dedupKey', 'delayMs'];
const MAX_TOPIC_BYTES = 200;
/** An index holds the topic and the key, and no more than 2704 bytes. */
const MAX_KEY_BYTES = 1_000;
const YEAR_MS = 31_536_000_000;

/** @throws {@link ValidationError} that names what is wrong; nothing was sent */
export function checkMessage(message: NewOutboxMessage): CheckedMessage {
  const validator = new OptionValidator();
  const given = validator.object(message, '', KNOWN);
  const delayMs = validator.integer(given['delayMs'], 'delayMs', 0, { min: 0, max: YEAR_MS });
  const [problem] = validator.violations;
  if (problem !== undefined) throw new ValidationError(problem.path || 'message', problem.problem);
  return {
    topic: checkText(given['topic'], 'topic', MAX_TOPIC_BYTES),
    key: given['key'] === undefined ? null : checkText(given['key'], 'key', MAX_KEY_BYTES),
    payload: jsonText(given['payload'], 'payload'),
    headers: checkHeaders(given['headers']),
    dedupKey:
      given['dedupKey'] === undefined ? null : checkText(given['dedupKey'], 'dedupKey', MAX_KEY_BYTES),
    delayMs,
  };
}

/** A text that PostgreSQL can store and index. */
export function checkText(value: unknown, path: string, maxBytes: number): string {
  if (typeof value !== 'string')
    throw new ValidationError(path, `is ${value === undefined ? 'missing' : 'no text'}.`);
  checkCharacters(value, path);
  const bytes = Buffer.byteLength(value);
  if (bytes >= 1 && bytes <= maxBytes) return value;
  throw new ValidationError(path, `has ${bytes} bytes, expected 1 to ${maxBytes}.`);
}

/** What keeps it from being a topic; undefined where nothing does. */
export function topicProblem(value: unknown): string | undefined {
  try {
    checkText(value, 'topic', MAX_TOPIC_BYTES);
    return undefined;
  } catch (error) {
    if (error instanceof ValidationError) return error.problem;
    throw error;
  }
}

function checkHeaders(value: unknown): string {
  if (value === undefined) return '{}';
  const text = jsonText(value, 'headers');
  const wrong = Object.entries(value as object).find(
    ([, header]) => header !== undefined && typeof header !== 'string',
  );
  if (wrong !== undefined) throw new ValidationError(`headers.${wrong[0]}`, 'is no text.');
  if (!text.startsWith('{')) throw new ValidationError('headers', 'is no object of texts.');
  return text;
}

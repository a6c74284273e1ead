import { DatabaseError } from '../errors/database.error.js';
import { thrownBy } from '../fault/diagnosis.js';
import { translateError } from '../fault/translate-error.js';
import type { Direction } from './saga-journal.port.js';
import { SagaRecoveryLimitError, SagaStoppedError } from './saga.errors.js';

/** A failure as it is kept in the journal. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** Where a saga was going that was not let go on. */
  readonly direction?: Direction;
  /** Why a saga was stopped that had not failed. */
  readonly why?: SagaStoppedError['why'];
}

const MAX_MESSAGE = 2_000;

/** Of a driver's error only what is safe to show. */
export function toErrorRecord(error: unknown): ErrorRecord {
  const source = thrownBy(error);
  const shown = source === 'prisma' || source === 'postgres' ? translateError(error) : error;
  if (!(shown instanceof Error)) return { name: 'Error', message: clean(shown) };
  const code: unknown = Reflect.get(shown, 'code');
  return {
    name: clean(shown.name),
    message: clean(shown.message),
    ...(typeof code === 'string' && { code: clean(code) }),
    ...(shown instanceof SagaRecoveryLimitError && { direction: shown.direction }),
    ...(shown instanceof SagaStoppedError && { why: shown.why }),
  };
}

/** What whoever was not there gets in the place of the failure itself. */
export function fromErrorRecord(record: unknown): Error | undefined {
  if (typeof record !== 'object' || record === null) return undefined;
  const { name, message, ...data } = record as Partial<ErrorRecord>;
  const error = new Error(message);
  // Not enumerable, as on every error.
  Object.defineProperty(error, 'name', { value: name ?? 'Error', configurable: true, writable: true });
  error.stack = `${error.name}: ${error.message}`;
  return Object.assign(error, data);
}

/** Whether the failure is about the way to the database of `connection`, and not about what was asked of it. */
export function isOutOfReach(error: unknown, connection: string): boolean {
  const source = thrownBy(error);
  const known = source === 'prisma' || source === 'postgres' ? translateError(error) : libraryErrorIn(error);
  if (known === undefined || known.target?.kind === 'redis') return false;
  if (known.target !== undefined && known.target.connection !== connection && source === 'library')
    return false;
  if (OUT_OF_REACH.has(known.code)) return true;
  // Silence, in contrast to a statement that the server has ended.
  if (known.code === 'QUERY_TIMEOUT') return 'timeoutMs' in known && known.timeoutMs !== undefined;
  return known.code === 'TRANSACTION_TIMEOUT' && 'phase' in known && known.phase === 'begin';
}

/** Whether something may have been sent: then the saga itself may be what breaks the connection. */
export function mayHaveBeenSent(error: unknown): boolean {
  const code: unknown = Object(error) instanceof Error ? Reflect.get(error as Error, 'code') : undefined;
  return code !== 'UNAVAILABLE' && code !== 'POOL_TIMEOUT' && code !== 'TRANSACTION_TIMEOUT';
}

const OUT_OF_REACH = new Set<string>([
  'UNAVAILABLE',
  'AUTH',
  'TLS',
  'POOL_TIMEOUT',
  'CONNECTION_LOST',
  'SHUTTING_DOWN',
  'OUTCOME_UNKNOWN',
  'TRANSACTION_STARVATION',
  'RESOURCE',
  'READ_ONLY',
]);
const MAX_DEPTH = 5;

/** Also one that the handler has put an error of its own around: what it says of the connection is true all the same. */
function libraryErrorIn(error: unknown): DatabaseError | undefined {
  let each = error;
  for (let depth = 0; depth < MAX_DEPTH && each instanceof Error; depth += 1) {
    if (each instanceof DatabaseError) return each;
    each = each.cause;
  }
  return undefined;
}

/** Of whatever was thrown something that can be written down: a failure that cannot would never be one. */
function clean(value: unknown): string {
  // Cut first, which may leave half a character.
  return textOf(value)
    .slice(0, MAX_MESSAGE)
    .replaceAll('\0', '')
    .replace(/\p{Surrogate}/gu, '');
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'Something that has no text.';
  }
}

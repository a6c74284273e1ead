import { quoteSchema } from '../library-schema/library-schema-script.js';
import { lockOf, type OutboxRow } from './outbox-writer.js';

/** Where a {@link messageClause} stands in its statement. */
interface MessageClause {
  readonly schema: string;
  /** An earlier part of the statement: no row of it, no message. */
  readonly from: string;
  /** Number of the first of the parameters, which {@link messageValues} gives. */
  readonly first: number;
  /** What is added to the payload, as jsonb, from the row of `from`. */
  readonly more?: string | undefined;
  /** Whether there may be messages of its key that are not committed yet. */
  readonly inTurn?: boolean;
}

/**
 * The part of a statement that writes one message together with what else the statement does, for statements that are a
 * transaction of their own. A message with a key gets its number under the lock of the key, as `OutboxWriter` says: the
 * number is drawn for the row that taking the lock has given.
 */
export function messageClause({
  schema,
  from,
  first,
  more = `'{}'::jsonb`,
  inTurn = true,
}: MessageClause): string {
  const [id, topic, key, slot, payload, lock] = [0, 1, 2, 3, 4, 5].map((index) => `$${first + index}`);
  const turn = inTurn ? `pg_advisory_xact_lock(${lock}::bigint), ` : '';
  return `
      turn AS MATERIALIZED (SELECT ${turn}${more} AS more FROM ${from} LIMIT 1),
      told AS (INSERT INTO ${quoteSchema(schema)}.outbox_message
                 (id, topic, key, slot, payload, headers, created_at, available_at)
               SELECT ${id}::uuid, ${topic}::text, ${key}::text, ${slot}::smallint, (${payload}::jsonb || more)::json, '{}',
                      clock_timestamp(), clock_timestamp() FROM turn)`;
}

/** The parameters of {@link messageClause}, for a message with a key. */
export function messageValues(
  { id, topic, key, slot, payload }: OutboxRow,
  inTurn = true,
): (string | null)[] {
  const values = [id, topic, key, String(slot), payload];
  return inTurn ? [...values, String(lockOf(topic, key ?? ''))] : values;
}

import { quoteSchema } from '../library-schema/library-schema-script.js';
import { lockOf, type OutboxRow } from './outbox-writer.js';

/**
 * The part of a statement that writes one message together with what else the statement does, for statements that are a
 * transaction of their own. A message with a key gets its number under the lock of the key, as `OutboxWriter` says: the
 * number is drawn for the row that taking the lock has given.
 *
 * @param from - an earlier part of the statement: no row of it, no message
 * @param first - number of the first of the parameters, which {@link messageValues} gives
 * @param more - what is added to the payload, as jsonb, from the row of `from`
 */
export function messageClause(schema: string, from: string, first: number, more = `'{}'::jsonb`): string {
  const [lock, id, topic, key, slot, payload] = [0, 1, 2, 3, 4, 5].map((index) => `$${first + index}`);
  return `
      locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(${lock}::bigint), ${more} AS more FROM ${from} LIMIT 1),
      told AS (INSERT INTO ${quoteSchema(schema)}.outbox_message
                 (id, topic, key, slot, payload, headers, created_at, available_at)
               SELECT ${id}::uuid, ${topic}::text, ${key}::text, ${slot}::smallint, (${payload}::jsonb || more)::json, '{}',
                      clock_timestamp(), clock_timestamp() FROM locked)`;
}

/** The parameters of {@link messageClause}, for a message with a key. */
export function messageValues({ id, topic, key, slot, payload }: OutboxRow): (string | null)[] {
  return [String(lockOf(topic, key ?? '')), id, topic, key, String(slot), payload];
}

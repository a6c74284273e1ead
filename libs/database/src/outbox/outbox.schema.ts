import type { SchemaComponent } from '../library-schema/schema-component.js';

/** Into how many parts the pending messages fall; each is swept by one instance at a time. */
export const SLOTS = 64;

/**
 * The planner would rather read everything and sort it: in a table that is empty most of the time its statistics say nothing
 * about the day on which a million messages wait.
 */
const BY_INDEX = 'SET enable_bitmapscan = off SET enable_seqscan = off SET enable_sort = off SET jit = off';

/** The tables of the outbox. Rows of `outbox_message` are pending: what was delivered is deleted. */
export const OUTBOX_SCHEMA: SchemaComponent = {
  component: 'outbox',
  steps: [
    {
      version: 1,
      name: 'create the tables of the outbox',
      sql: `CREATE TABLE {schema}.outbox_message (
  slot smallint NOT NULL,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  id uuid NOT NULL,
  topic text NOT NULL,
  key text,
  payload json NOT NULL,
  headers json NOT NULL,
  created_at timestamptz NOT NULL,
  available_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  PRIMARY KEY (slot, seq)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX outbox_message_key ON {schema}.outbox_message (topic, key, seq) WHERE key IS NOT NULL;
CREATE TABLE {schema}.outbox_dead (
  id uuid PRIMARY KEY,
  topic text NOT NULL,
  key text,
  payload json NOT NULL,
  headers json NOT NULL,
  created_at timestamptz NOT NULL,
  died_at timestamptz NOT NULL,
  attempts integer NOT NULL,
  last_error text,
  discarded_at timestamptz,
  note text
);
CREATE INDEX outbox_dead_topic ON {schema}.outbox_dead (topic, id);
CREATE INDEX outbox_dead_died_at ON {schema}.outbox_dead (died_at);
CREATE TABLE {schema}.outbox_dedup (
  topic text NOT NULL,
  dedup_key text NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (topic, dedup_key)
);
CREATE INDEX outbox_dedup_until ON {schema}.outbox_dedup (until);
CREATE TABLE {schema}.outbox_sweeper (
  owner uuid PRIMARY KEY,
  lease_until timestamptz NOT NULL
);
CREATE TABLE {schema}.outbox_slot (
  slot smallint PRIMARY KEY,
  owner uuid,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO {schema}.outbox_slot (slot) SELECT generate_series(0, ${SLOTS - 1});
CREATE FUNCTION {schema}.outbox_scan(slots smallint[], places bigint[], per_slot integer)
RETURNS TABLE (slot smallint, seq bigint, topic text, key text, wait_ms double precision)
LANGUAGE sql STABLE ${BY_INDEX} AS $outbox$
  WITH found AS MATERIALIZED (
    SELECT m.* FROM unnest(slots, places) AS s(slot, place)
     CROSS JOIN LATERAL (
       SELECT o.slot, o.seq, o.topic, o.key, o.available_at FROM {schema}.outbox_message AS o
        WHERE o.slot = s.slot AND o.seq > s.place ORDER BY o.seq LIMIT per_slot) AS m),
  head AS (
    SELECT k.topic, k.key, (
      SELECT o.available_at FROM {schema}.outbox_message AS o
       WHERE o.topic = k.topic AND o.key = k.key ORDER BY o.seq LIMIT 1) AS available_at
      FROM (SELECT DISTINCT f.topic, f.key FROM found AS f WHERE f.key IS NOT NULL) AS k)
  SELECT f.slot, f.seq, f.topic, f.key,
         greatest(0, extract(epoch FROM coalesce(h.available_at, f.available_at) - clock_timestamp()) * 1000)
    FROM found AS f LEFT JOIN head AS h ON h.topic = f.topic AND h.key = f.key
$outbox$;
CREATE FUNCTION {schema}.outbox_load(slots smallint[], seqs bigint[], topics text[], keys text[], per_key integer)
RETURNS TABLE (n bigint, message {schema}.outbox_message)
LANGUAGE sql STABLE ${BY_INDEX} AS $outbox$
  SELECT l.n, m.message FROM unnest(slots, seqs, topics, keys) WITH ORDINALITY AS l(slot, seq, topic, key, n)
   CROSS JOIN LATERAL (
     (SELECT o AS message FROM {schema}.outbox_message AS o
       WHERE l.key IS NULL AND o.slot = l.slot AND o.seq = l.seq)
     UNION ALL
     (SELECT o FROM {schema}.outbox_message AS o
       WHERE o.topic = l.topic AND o.key = l.key ORDER BY o.seq LIMIT per_key)) AS m
$outbox$;`,
    },
  ],
};

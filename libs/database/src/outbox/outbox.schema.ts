import type { SchemaComponent } from '../library-schema/schema-component.js';

/** Into how many parts the pending messages fall; each is swept by one instance at a time. */
export const SLOTS = 64;

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
INSERT INTO {schema}.outbox_slot (slot) SELECT generate_series(0, ${SLOTS - 1});`,
    },
  ],
};

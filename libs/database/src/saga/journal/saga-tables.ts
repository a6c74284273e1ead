import type { SchemaComponent } from '../../library-schema/schema-component.js';

/**
 * The tables of the journal.
 *
 * What changes while a step runs (the lease) is kept apart from the saga itself, which every journal write locks for a moment:
 * a heartbeat on the saga's own row would make each step in `RepeatableRead` fail. There are no foreign keys: the guard of a
 * write has the saga's row in hand already, and a check of its own would cost every step a second look at it.
 */
export const SAGA_TABLES: SchemaComponent = {
  component: 'saga',
  steps: [
    {
      version: 1,
      name: 'create the journal of sagas',
      sql: `
CREATE TABLE {schema}.saga_definition (
  name text NOT NULL,
  version integer NOT NULL,
  fingerprint text NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (name, version)
);
CREATE TABLE {schema}.saga (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  version integer NOT NULL,
  fingerprint text NOT NULL,
  key text NOT NULL,
  input jsonb,
  context jsonb,
  state text NOT NULL DEFAULT 'running',
  fence bigint NOT NULL DEFAULT 1,
  result jsonb,
  failed_step text,
  error jsonb,
  deadline_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  CONSTRAINT saga_key UNIQUE (name, key)
);
CREATE INDEX saga_created ON {schema}.saga (created_at, id);
CREATE INDEX saga_open ON {schema}.saga (state, updated_at) WHERE state IN ('running', 'compensating', 'dead');
CREATE INDEX saga_finished ON {schema}.saga (finished_at) WHERE state IN ('completed', 'compensated');
CREATE TABLE {schema}.saga_lease (
  saga_id uuid PRIMARY KEY,
  owner uuid,
  due_at timestamptz,
  recoveries integer NOT NULL DEFAULT 0,
  forgiven integer NOT NULL DEFAULT 0,
  cancel_requested_at timestamptz
);
CREATE INDEX saga_lease_due ON {schema}.saga_lease (due_at);
CREATE TABLE {schema}.saga_step (
  saga_id uuid NOT NULL,
  step text NOT NULL,
  direction text NOT NULL,
  state text NOT NULL,
  attempt integer NOT NULL,
  ordinal integer NOT NULL,
  output jsonb,
  error jsonb,
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (saga_id, step, direction)
);
CREATE TABLE {schema}.saga_audit (
  saga_id uuid NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  action text NOT NULL,
  note text
);
CREATE INDEX saga_audit_saga ON {schema}.saga_audit (saga_id, at);
`,
    },
  ],
};

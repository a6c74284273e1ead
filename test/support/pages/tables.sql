CREATE TYPE level AS ENUM ('LOW', 'MIDDLE', 'HIGH');
CREATE TYPE mood AS ENUM ('good mood', 'bad mood');
CREATE TABLE shelf (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE entry (
  id bigint PRIMARY KEY,
  rank integer NOT NULL,
  score integer,
  big bigint,
  amount numeric(20, 6),
  ratio double precision,
  title text,
  code character(3),
  nick character varying(20) COLLATE "C",
  ref uuid,
  flag boolean,
  level level,
  mood mood,
  at timestamptz NOT NULL,
  seen timestamp,
  day date,
  raw bytea,
  info jsonb,
  tags text[] NOT NULL DEFAULT '{}',
  shelf_id integer REFERENCES shelf (id)
);
CREATE TABLE pair (
  "left" text NOT NULL,
  "right" integer NOT NULL,
  note text,
  PRIMARY KEY ("left", "right")
);
CREATE TABLE badge (number integer NOT NULL UNIQUE, holder text);
CREATE TABLE loose (number integer NOT NULL, text text NOT NULL);
CREATE TABLE event (id bigint PRIMARY KEY, kind integer NOT NULL, score integer, at timestamptz NOT NULL);

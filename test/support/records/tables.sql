CREATE TABLE account (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  balance integer NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3)
);
CREATE TABLE note (
  id serial PRIMARY KEY,
  text text NOT NULL,
  account_id uuid REFERENCES account (id),
  rev integer NOT NULL DEFAULT 0,
  removed_at timestamptz(3)
);
CREATE TABLE seat (
  row text NOT NULL,
  number integer NOT NULL,
  holder text,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (row, number)
);
CREATE TABLE setting (setting_key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE digest (
  id bytea PRIMARY KEY,
  amount numeric(20, 4) NOT NULL UNIQUE,
  at timestamptz(3) NOT NULL UNIQUE,
  big bigint NOT NULL UNIQUE
);
CREATE EXTENSION citext;
CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE label (
  id serial PRIMARY KEY,
  name citext UNIQUE,
  folded text COLLATE folding UNIQUE,
  bent text,
  code character(4) UNIQUE,
  amount numeric(8, 2) UNIQUE,
  ratio double precision UNIQUE,
  ref uuid UNIQUE,
  day date UNIQUE,
  second timestamptz(0) UNIQUE,
  note text
);
CREATE UNIQUE INDEX label_bent ON label (bent COLLATE folding);
CREATE TYPE "Mood" AS ENUM ('CALM', 'very "angry", {so}', 'sad\');
CREATE TABLE sample (
  id uuid PRIMARY KEY,
  label text NOT NULL UNIQUE,
  mood "Mood" NOT NULL DEFAULT 'very "angry", {so}',
  moods "Mood"[],
  text text,
  texts text[],
  code character(4),
  bits bit(4),
  host inet,
  small smallint,
  number integer,
  numbers integer[],
  big bigint,
  bigs bigint[],
  amount numeric(65, 30),
  amounts numeric(65, 30)[],
  price numeric(10, 2),
  ratio double precision,
  "real" real,
  ratios double precision[],
  flag boolean,
  flags boolean[],
  raw bytea,
  raws bytea[],
  info jsonb,
  must jsonb NOT NULL,
  infos jsonb[],
  plain json,
  moment timestamp(3),
  at timestamptz(6),
  moments timestamptz(3)[],
  day date,
  clock time(3),
  zoned timetz(6),
  changed timestamptz(3) NOT NULL
);

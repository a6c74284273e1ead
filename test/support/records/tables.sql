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

CREATE TYPE "severity_level" AS ENUM ('calm', 'urgent - at once');

CREATE TABLE "sites" (
  "id" UUID NOT NULL PRIMARY KEY,
  "site_name" TEXT NOT NULL UNIQUE
);

CREATE TABLE "people" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "name" TEXT NOT NULL,
  "boss_id" TEXT REFERENCES "people" ("id"),
  "site_id" UUID REFERENCES "sites" ("id")
);

CREATE TABLE "sensors" (
  "site_id" UUID NOT NULL REFERENCES "sites" ("id"),
  "serial" INTEGER NOT NULL,
  "label" TEXT NOT NULL,
  "shelf" INTEGER NOT NULL,
  "severity" "severity_level" NOT NULL DEFAULT 'calm',
  "tags" TEXT[],
  "levels" "severity_level"[],
  "installed_on" DATE NOT NULL,
  "updated_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("site_id", "serial"),
  UNIQUE ("site_id", "label", "shelf")
);

CREATE TABLE "readings" (
  "id" BIGSERIAL NOT NULL PRIMARY KEY,
  "site_id" UUID NOT NULL,
  "sensor_serial" INTEGER NOT NULL,
  "amount" DECIMAL(30, 10) NOT NULL,
  "ticks" BIGINT NOT NULL,
  "raw" BYTEA NOT NULL,
  "note" JSONB,
  "taken_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
  FOREIGN KEY ("site_id", "sensor_serial") REFERENCES "sensors" ("site_id", "serial")
);

CREATE INDEX "readings_site_id_sensor_serial_idx" ON "readings" ("site_id", "sensor_serial");

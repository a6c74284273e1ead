import { createHash } from 'node:crypto';
import { ValidationError } from '../errors/validation.error.js';
import { quoteSchema } from '../library-schema/library-schema-script.js';
import type { CommitTail } from '../transaction/tail-entry.js';
import type { TailStatement } from '../transaction/transaction-session.port.js';
import type { CheckedMessage } from './new-outbox-message.js';
import { publishOutbox } from './outbox.events.js';
import { SLOTS } from './outbox.schema.js';

/** A message with its place. */
export interface OutboxRow extends CheckedMessage {
  readonly id: string;
  readonly slot: number;
  /** When it was written first; undefined for now. */
  readonly createdAt?: Date;
}

const COLUMNS =
  'id uuid, topic text, key text, slot smallint, headers json, "dedupKey" text, "delayMs" float8, "createdAt" timestamptz, payload json';

/**
 * Writes messages in front of COMMIT.
 *
 * A lock for each key is held from the number that a message gets until its commit: so the numbers of one key are in the
 * order of the commits, and whoever sees a message sees all before it. It is held for the time of COMMIT alone, and taken in
 * one order by everybody. Messages without a key take none.
 */
export class OutboxWriter implements CommitTail<OutboxRow> {
  private readonly insertSql: string;
  private readonly insertOnceSql: string;

  constructor(
    private readonly connection: string,
    schema: string,
    private readonly dedupRetentionMs: number,
  ) {
    const place = quoteSchema(schema);
    // With the numbers, as the order of a function's rows ends where something is joined to them.
    const input = `SELECT * FROM ROWS FROM (json_to_recordset($1::json) AS (${COLUMNS})) WITH ORDINALITY
      AS m(id, topic, key, slot, headers, dedup_key, delay_ms, created_at, payload, n)`;
    // JSON's null comes out of a record as SQL's.
    const insert = `INSERT INTO ${place}.outbox_message (id, topic, key, slot, payload, headers, created_at, available_at)
      SELECT id, topic, key, slot, coalesce(payload, 'null'), headers, coalesce(created_at, clock_timestamp()),
             clock_timestamp() + delay_ms * interval '1 ms'
        FROM input`;
    this.insertSql = `WITH input AS (${input}) ${insert} ORDER BY n`;
    // An entry whose time is over counts as none; whether it was removed already does not matter.
    this.insertOnceSql = `WITH input AS (${input}),
      fresh AS (
        INSERT INTO ${place}.outbox_dedup AS d (topic, dedup_key, until)
        SELECT topic, dedup_key, clock_timestamp() + $2::float8 * interval '1 ms'
          FROM input WHERE dedup_key IS NOT NULL ORDER BY topic, dedup_key
        ON CONFLICT (topic, dedup_key) DO UPDATE SET until = excluded.until WHERE d.until <= clock_timestamp()
        RETURNING topic, dedup_key)
      ${insert}
       WHERE dedup_key IS NULL
          OR EXISTS (SELECT FROM fresh WHERE fresh.topic = input.topic AND fresh.dedup_key = input.dedup_key)
       ORDER BY n`;
  }

  statements(items: readonly OutboxRow[]): readonly TailStatement[] {
    const rows = withoutRepetitions(items);
    for (const { id, topic, key } of rows)
      publishOutbox('writing', () => ({ connection: this.connection, id, topic, key }));
    const locks = locksOf(rows);
    if (locks.length > MAX_KEYS) throw tooManyKeys(locks.length);
    const once = rows.some(({ dedupKey }) => dedupKey !== null);
    const insert: TailStatement = once
      ? { text: this.insertOnceSql, values: [jsonOf(rows), String(this.dedupRetentionMs)] }
      : { text: this.insertSql, values: [jsonOf(rows)] };
    if (locks.length === 0) return [insert];
    return [
      {
        text: 'SELECT count(pg_advisory_xact_lock(key)) FROM unnest($1::bigint[]) AS key',
        values: [`{${locks.join(',')}}`],
      },
      insert,
    ];
  }
}

/** All transactions of a server share the room for locks: at its defaults 6400. Without it they fail, the others as well. */
const MAX_KEYS = 5_000;

function tooManyKeys(count: number): ValidationError {
  return new ValidationError(
    'key',
    `has ${count} different values in one transaction, and each holds a lock until the commit, for which PostgreSQL has limited room: write at most ${MAX_KEYS} of them in a transaction, or messages without a key.`,
  );
}

/** The same place for the same topic and key, in every process and release. */
export function slotOf(topic: string, key: string | null, id: string): number {
  // Without a key the random end of the id spreads them.
  if (key === null) return Number.parseInt(id.slice(-2), 16) % SLOTS;
  return Number(lockOf(topic, key) & 0xffffn) % SLOTS;
}

/** Within one transaction the first of a `dedupKey` counts. */
function withoutRepetitions(rows: readonly OutboxRow[]): readonly OutboxRow[] {
  const seen = new Set<string>();
  return rows.filter(({ topic, dedupKey }) => {
    if (dedupKey === null) return true;
    const known = seen.size;
    return seen.add(`${topic}\0${dedupKey}`).size > known;
  });
}

/** In one order for everybody, so that nobody waits in a circle. */
function locksOf(rows: readonly OutboxRow[]): readonly bigint[] {
  const locks = new Set<bigint>();
  for (const { topic, key } of rows) if (key !== null) locks.add(lockOf(topic, key));
  return [...locks].sort((a, b) => (a < b ? -1 : 1));
}

/** The number of the lock that keeps a key in order. */
export function lockOf(topic: string, key: string): bigint {
  return createHash('sha256').update(`nestjs-database:outbox\0${topic}\0${key}`).digest().readBigInt64BE();
}

/** The payload stays byte for byte as it is. */
function jsonOf(rows: readonly OutboxRow[]): string {
  const texts = rows.map(({ payload, headers, ...columns }) => {
    const others = JSON.stringify(columns);
    return `${others.slice(0, -1)},"headers":${headers},"payload":${payload}}`;
  });
  return `[${texts.join(',')}]`;
}

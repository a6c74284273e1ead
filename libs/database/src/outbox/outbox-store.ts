import { quoteSchema } from '../library-schema/library-schema-script.js';
import type { Row, SqlExecutor } from '../query/sql-executor.port.js';

/** A slot and the number of its owner in the line of all owners. */
export interface OwnedSlot {
  readonly slot: number;
  readonly fence: bigint;
}

/** What a beat has found. */
export interface Beat {
  /** How many instances sweep, this one included. */
  readonly live: number;
  /** How many slots could be taken. */
  readonly free: number;
  /** What this instance has. */
  readonly owned: readonly OwnedSlot[];
}

/** Where something pending stands, without what is in it. */
export interface Candidate {
  readonly slot: number;
  readonly seq: bigint;
  readonly topic: string;
  readonly key: string | null;
  /** Until the first message of its key may be delivered, in milliseconds. */
  readonly waitMs: number;
}

/** A message as it is read. */
export interface PendingMessage {
  /** The index of the candidate it was read for, counted from 0. */
  readonly candidate: number;
  readonly slot: number;
  readonly seq: bigint;
  readonly id: string;
  readonly topic: string;
  readonly key: string | null;
  readonly payload: string;
  readonly headers: string;
  readonly createdAt: Date;
  readonly attempts: number;
  /** Whether its time has come. */
  readonly due: boolean;
}

/** A message that could not be delivered. */
export interface Failure {
  readonly slot: OwnedSlot;
  readonly seq: bigint;
  /** For people. */
  readonly error: string;
}

/**
 * The statements of the sweeper. The only clock is the database's; what a stalled instance writes after its slot was taken
 * over changes nothing, except that a message it has delivered is deleted, which is right whoever does it.
 */
export class OutboxStore {
  private readonly place: string;

  constructor(
    private readonly executor: SqlExecutor,
    schema: string,
    private readonly owner: string,
  ) {
    this.place = quoteSchema(schema);
  }

  /** Says that this instance lives, and renews the leases of its slots: those that nobody has taken over. */
  async beat(leaseMs: number): Promise<Beat> {
    const [row] = await this.run(
      `WITH me AS (
         INSERT INTO ${this.place}.outbox_sweeper (owner, lease_until)
         VALUES ($1::uuid, clock_timestamp() + $2::float8 * interval '1 ms')
         ON CONFLICT (owner) DO UPDATE SET lease_until = excluded.lease_until),
       gone AS (
         DELETE FROM ${this.place}.outbox_sweeper
          WHERE owner <> $1::uuid AND lease_until < clock_timestamp() - interval '1 minute'),
       kept AS (
         UPDATE ${this.place}.outbox_slot SET lease_until = clock_timestamp() + $2::float8 * interval '1 ms'
          WHERE owner = $1::uuid RETURNING slot, fence)
       SELECT (SELECT count(*) FROM ${this.place}.outbox_sweeper
                WHERE owner <> $1::uuid AND lease_until > clock_timestamp())::int + 1 AS live,
              (SELECT count(*) FROM ${this.place}.outbox_slot
                WHERE owner IS NULL OR (owner <> $1::uuid AND lease_until < clock_timestamp()))::int AS free,
              (SELECT array_agg(slot || ':' || fence) FROM kept) AS owned`,
      [this.owner, leaseMs],
    );
    const owned = (row?.['owned'] ?? []) as readonly string[];
    return { live: Number(row?.['live']), free: Number(row?.['free']), owned: owned.map(parseSlot) };
  }

  /** Takes up to `count` slots that nobody has; the others are asked for no lock. */
  async claim(leaseMs: number, count: number): Promise<readonly OwnedSlot[]> {
    const rows = await this.run(
      `UPDATE ${this.place}.outbox_slot AS s
          SET owner = $1::uuid, lease_until = clock_timestamp() + $2::float8 * interval '1 ms', fence = fence + 1
         FROM (SELECT slot FROM ${this.place}.outbox_slot
                WHERE owner IS NULL OR (owner <> $1::uuid AND lease_until < clock_timestamp())
                ORDER BY random() LIMIT $3 FOR UPDATE SKIP LOCKED) AS free
        WHERE s.slot = free.slot RETURNING s.slot || ':' || s.fence AS owned`,
      [this.owner, leaseMs, count],
    );
    return rows.map(({ owned }) => parseSlot(String(owned)));
  }

  async release(slots: readonly number[]): Promise<void> {
    await this.run(
      `UPDATE ${this.place}.outbox_slot SET owner = NULL, lease_until = NULL
        WHERE owner = $1::uuid AND slot = ANY($2::smallint[])`,
      [this.owner, slots],
    );
  }

  /** This instance sweeps no more. */
  async leave(): Promise<void> {
    await this.run(`DELETE FROM ${this.place}.outbox_sweeper WHERE owner = $1::uuid`, [this.owner]);
  }

  /**
   * What stands behind the given places, at most `limit` for each slot; what comes later in a key is as far as its first
   * message.
   */
  async scan(after: ReadonlyMap<number, bigint>, limit: number): Promise<readonly Candidate[]> {
    const rows = await this.run(
      `SELECT slot, seq, topic, key, wait_ms AS "waitMs"
         FROM ${this.place}.outbox_scan($1::smallint[], $2::bigint[], $3::integer)`,
      [[...after.keys()], [...after.values()], limit],
    );
    return rows as unknown as readonly Candidate[];
  }

  /** The messages of the candidates, from the first one of their key; at most `limit` for each. */
  async load(candidates: readonly Candidate[], limit: number): Promise<readonly PendingMessage[]> {
    const rows = await this.run(
      `SELECT l.n::int - 1 AS candidate, m.slot, m.seq, m.id, m.topic, m.key, m.payload::text AS payload,
              m.headers::text AS headers, m.created_at AS "createdAt", m.attempts,
              m.available_at <= clock_timestamp() AS due
         FROM ${this.place}.outbox_load($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::integer) AS l
        CROSS JOIN LATERAL (SELECT (l.message).*) AS m
        ORDER BY l.n, m.seq`,
      [
        candidates.map(({ slot }) => slot),
        candidates.map(({ seq }) => seq),
        candidates.map(({ topic }) => topic),
        candidates.map(({ key }) => key),
        limit,
      ],
    );
    return rows as unknown as readonly PendingMessage[];
  }

  async deleteDelivered(messages: readonly { readonly slot: number; readonly seq: bigint }[]): Promise<void> {
    await this.run(
      `DELETE FROM ${this.place}.outbox_message AS m USING unnest($1::smallint[], $2::bigint[]) AS d(slot, seq)
        WHERE m.slot = d.slot AND m.seq = d.seq`,
      [messages.map(({ slot }) => slot), messages.map(({ seq }) => seq)],
    );
  }

  /** The message is tried again after `delayMs`, where the slot is still this instance's. */
  async postpone({ slot, seq, error }: Failure, delayMs: number): Promise<void> {
    await this.run(
      `UPDATE ${this.place}.outbox_message AS m
          SET attempts = attempts + 1, last_error = $1,
              available_at = clock_timestamp() + $2::float8 * interval '1 ms'
         FROM ${this.place}.outbox_slot AS s
        WHERE m.slot = $3 AND m.seq = $4 AND s.slot = m.slot AND s.owner = $5::uuid AND s.fence = $6`,
      [error, delayMs, slot.slot, seq, this.owner, slot.fence],
    );
  }

  /** The message becomes a dead letter, where the slot is still this instance's. */
  async bury({ slot, seq, error }: Failure): Promise<void> {
    await this.run(
      `WITH gone AS (
         DELETE FROM ${this.place}.outbox_message AS m USING ${this.place}.outbox_slot AS s
          WHERE m.slot = $2 AND m.seq = $3 AND s.slot = m.slot AND s.owner = $4::uuid AND s.fence = $5
         RETURNING m.*)
       INSERT INTO ${this.place}.outbox_dead (id, topic, key, payload, headers, created_at, died_at, attempts, last_error)
       SELECT id, topic, key, payload, headers, created_at, clock_timestamp(), attempts + 1, $1 FROM gone
       ON CONFLICT (id) DO NOTHING`,
      [error, slot.slot, seq, this.owner, slot.fence],
    );
  }

  /**
   * Removes up to `limit` entries each of what has been kept for long enough.
   *
   * @returns whether there may be more
   */
  async expire(deadRetentionMs: number | false, limit: number): Promise<boolean> {
    const keys = await this.run(
      `DELETE FROM ${this.place}.outbox_dedup WHERE (topic, dedup_key) IN (
         SELECT topic, dedup_key FROM ${this.place}.outbox_dedup WHERE until <= clock_timestamp()
          ORDER BY until LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1`,
      [limit],
    );
    if (deadRetentionMs === false) return keys.length === limit;
    const letters = await this.run(
      `DELETE FROM ${this.place}.outbox_dead WHERE id IN (
         SELECT id FROM ${this.place}.outbox_dead WHERE died_at <= clock_timestamp() - $1::float8 * interval '1 ms'
          ORDER BY died_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1`,
      [deadRetentionMs, limit],
    );
    return keys.length === limit || letters.length === limit;
  }

  private async run(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    const { rows } = await this.executor.execute({ sql, values, operation: 'The outbox' });
    return rows;
  }
}

function parseSlot(text: string): OwnedSlot {
  const [slot = '', fence = ''] = text.split(':');
  return { slot: Number(slot), fence: BigInt(fence) };
}

import { InvalidOptionsError } from '../config/config.errors.js';
import { OptionValidator } from '../config/option-validator.js';
import { ValidationError } from '../errors/validation.error.js';
import { quoteSchema } from '../library-schema/library-schema-script.js';
import type { SqlExecutor } from '../query/sql-executor.port.js';
import type { TransactionManager } from '../transaction/transaction-manager.js';
import { writeMessage, type OutboxParts } from './outbox.js';

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i;
const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
/** Each batch is a transaction of its own: a million dead letters are not one. */
const RETRY_BATCH = 500;

/**
 * How much stands in the outbox.
 *
 * @public
 */
export interface OutboxStatus {
  /** Messages that wait for their delivery, those that are delayed or failing included. */
  readonly pending: number;
  /** How long the oldest of them has been waiting, in milliseconds; 0 where there is none. */
  readonly lagMs: number;
  /** Dead letters that nobody has dealt with. */
  readonly dead: number;
  /** The same by topic, in the order of their names. */
  readonly topics: readonly OutboxTopicStatus[];
}

/**
 * How much of one topic stands in the outbox.
 *
 * @public
 */
export interface OutboxTopicStatus {
  /** Its name. */
  readonly topic: string;
  /** Messages that wait for their delivery. */
  readonly pending: number;
  /** How long the oldest of them has been waiting, in milliseconds; 0 where there is none. */
  readonly lagMs: number;
  /** Dead letters that nobody has dealt with. */
  readonly dead: number;
}

/**
 * A message that was given up.
 *
 * @public
 */
export interface DeadLetter {
  /** The message's. */
  readonly id: string;
  /** The message's. */
  readonly topic: string;
  /** The message's; null where it has none. */
  readonly key: string | null;
  /** As it was given, out of JSON. */
  readonly payload: unknown;
  /** As they were given. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was written. */
  readonly createdAt: Date;
  /** When it was given up. */
  readonly diedAt: Date;
  /** How often it was tried. */
  readonly attempts: number;
  /** What its last attempt failed with. */
  readonly lastError: string | null;
  /** When somebody decided that nothing is to be done about it; null where nobody has. */
  readonly discardedAt: Date | null;
  /** What that somebody wrote down. */
  readonly note: string | null;
}

/**
 * Which dead letters.
 *
 * @public
 */
export interface ListDeadOptions {
  /** Of this topic only. */
  readonly topic?: string | undefined;
  /** Those after this id, the last one of the page before. */
  readonly after?: string | undefined;
  /**
   * A whole number in [1, 1000].
   *
   * @defaultValue 100
   */
  readonly limit?: number | undefined;
  /**
   * Whether those that were discarded are listed as well.
   *
   * @defaultValue false
   */
  readonly discarded?: boolean | undefined;
}

/** What {@link OutboxAdmin} stands on. */
export interface OutboxAdminParts {
  readonly schema: string;
  readonly executor: SqlExecutor;
  readonly transactions: TransactionManager;
  readonly outbox: OutboxParts;
}

/** A row of the dead letters. */
interface DeadRow extends Omit<DeadLetter, 'payload' | 'headers'> {
  readonly payload: string;
  readonly headers: string;
}

/**
 * For those who look after the outbox: what waits, what was given up, and what to do about it.
 *
 * @public
 */
export class OutboxAdmin {
  private readonly parts: OutboxAdminParts;
  private readonly place: string;

  /**
   * Opaque, as the parts are no part of the public surface.
   *
   * @internal
   */
  constructor(parts: object) {
    this.parts = parts as OutboxAdminParts;
    this.place = quoteSchema(this.parts.schema);
  }

  /**
   * Counts what waits and what was given up; reads all of it, so that a million messages take a moment.
   *
   * @throws {@link DatabaseError} that says what the server or the connection said
   */
  async status(): Promise<OutboxStatus> {
    const rows = await this.read<OutboxTopicStatus>(
      `SELECT topic, sum(pending)::float8 AS pending, sum(dead)::float8 AS dead,
              greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(oldest)) * 1000, 0))::float8 AS "lagMs"
         FROM (SELECT topic, count(*) AS pending, 0 AS dead, min(created_at) AS oldest
                 FROM ${this.place}.outbox_message GROUP BY topic
               UNION ALL
               SELECT topic, 0, count(*), NULL FROM ${this.place}.outbox_dead
                WHERE discarded_at IS NULL GROUP BY topic) AS counts
        GROUP BY topic ORDER BY topic COLLATE "C"`,
    );
    const topics = rows.map(({ topic, pending, lagMs, dead }) => ({ topic, pending, lagMs, dead }));
    return {
      pending: topics.reduce((sum, { pending }) => sum + pending, 0),
      lagMs: Math.max(0, ...topics.map(({ lagMs }) => lagMs)),
      dead: topics.reduce((sum, { dead }) => sum + dead, 0),
      topics,
    };
  }

  /**
   * Dead letters in the order in which they were written, one page of them.
   *
   * @throws {@link InvalidOptionsError} when the options are wrong
   */
  async listDead(options: ListDeadOptions = {}): Promise<readonly DeadLetter[]> {
    const validator = new OptionValidator();
    const given = validator.object(options, '', ['topic', 'after', 'limit', 'discarded']);
    const topic = validator.text(given['topic'], 'topic', undefined);
    const after = validator.text(given['after'], 'after', undefined);
    const limit = validator.integer(given['limit'], 'limit', DEFAULT_LIMIT, { min: 1, max: MAX_LIMIT });
    const discarded = validator.boolean(given['discarded'], 'discarded', false);
    if (after !== undefined && !UUID.test(after)) validator.reject('after', 'is no id of a message.');
    if (validator.violations.length > 0)
      throw new InvalidOptionsError('OutboxAdmin.listDead', validator.violations);
    const rows = await this.read<DeadRow>(
      `SELECT id, topic, key, payload::text AS payload, headers::text AS headers, created_at AS "createdAt",
              died_at AS "diedAt", attempts, last_error AS "lastError", discarded_at AS "discardedAt", note
         FROM ${this.place}.outbox_dead
        WHERE ($1::text IS NULL OR topic = $1) AND ($2::uuid IS NULL OR id > $2) AND ($3 OR discarded_at IS NULL)
        ORDER BY id LIMIT $4`,
      [topic ?? null, after ?? null, discarded, limit],
    );
    return rows.map(({ payload, headers, ...letter }) => ({
      ...letter,
      payload: JSON.parse(payload) as unknown,
      headers: JSON.parse(headers) as Readonly<Record<string, string>>,
    }));
  }

  /**
   * Has dead letters delivered again, with their ids, and all their attempts before them. They come behind what waits under
   * their keys by now, in the order in which they were written; those that were discarded stay, and those that die again.
   *
   * @param which - their ids, or all of one topic
   * @returns how many there were
   * @throws {@link ValidationError} for an id that is none
   */
  async retryDead(which: readonly string[] | { readonly topic: string }): Promise<number> {
    const condition = this.condition(which);
    let retried = 0;
    let last: string | undefined;
    for (;;) {
      // Behind those before: what has died again meanwhile would come without end.
      const ids = await this.retrySome(condition, last);
      retried += ids.length;
      if (ids.length < RETRY_BATCH) return retried;
      last = ids.at(-1);
    }
  }

  /**
   * Decides that nothing is to be done about a dead letter. It stays as a record of that, with the note.
   *
   * @returns whether there was one that nobody had dealt with
   * @throws {@link ValidationError} for an id that is none
   */
  async discardDead(id: string, note: string): Promise<boolean> {
    const rows = await this.read(
      `UPDATE ${this.place}.outbox_dead SET discarded_at = clock_timestamp(), note = $2
        WHERE id = $1::uuid AND discarded_at IS NULL RETURNING id`,
      [checkId(id, 'id'), note],
    );
    return rows.length > 0;
  }

  /** @returns their ids, in order */
  private retrySome(
    { sql, value }: { readonly sql: string; readonly value: unknown },
    after: string | undefined,
  ): Promise<readonly string[]> {
    const { transactions, outbox } = this.parts;
    return transactions.run(
      async () => {
        const rows = await this.read<DeadRow>(
          `DELETE FROM ${this.place}.outbox_dead WHERE id IN (
             SELECT id FROM ${this.place}.outbox_dead WHERE discarded_at IS NULL AND ${sql} AND ($2::uuid IS NULL OR id > $2)
              ORDER BY id LIMIT ${RETRY_BATCH} FOR UPDATE)
           RETURNING id, topic, key, payload::text AS payload, headers::text AS headers, created_at AS "createdAt"`,
          [value, after ?? null],
        );
        const sorted = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
        for (const { id, topic, key, payload, headers, createdAt } of sorted)
          writeMessage(outbox, { topic, key, payload, headers, dedupKey: null, delayMs: 0 }, id, createdAt);
        return sorted.map(({ id }) => id);
      },
      { name: 'OutboxAdmin.retryDead' },
    );
  }

  private condition(which: readonly string[] | { readonly topic: string }): {
    readonly sql: string;
    readonly value: unknown;
  } {
    if (Array.isArray(which)) {
      const ids = (which as readonly string[]).map((id, index) => checkId(id, `which[${index}]`));
      return { sql: 'id = ANY($1::uuid[])', value: ids };
    }
    const { topic } = which as { readonly topic: unknown };
    if (typeof topic !== 'string') throw new ValidationError('which.topic', 'is no text.');
    return { sql: 'topic = $1', value: topic };
  }

  private async read<Result>(sql: string, values: readonly unknown[] = []): Promise<readonly Result[]> {
    const { rows } = await this.parts.executor.execute({ sql, values, operation: 'OutboxAdmin' });
    return rows as unknown as readonly Result[];
  }
}

function checkId(id: unknown, path: string): string {
  if (typeof id === 'string' && UUID.test(id)) return id;
  throw new ValidationError(path, 'is no id of a message.');
}

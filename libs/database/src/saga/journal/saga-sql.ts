import { quoteSchema } from '../../library-schema/library-schema-script.js';
import { messageClause } from '../../outbox/message-clause.js';

/** Milliseconds as an interval. */
const ms = (parameter: string) => `${parameter}::float8 * interval '1 millisecond'`;

const OPEN = `('running', 'compensating')`;

/**
 * The statements of the journal, for one schema. Whatever is about a running saga says with which fence it runs: a saga that
 * somebody else has taken over has another one, and is left alone.
 *
 * @param tells - whether what changes a saga writes a message about it as well; its parameters come last, see
 *   {@link messageClause}
 */
export function sagaSql(schemaName: string, tells: boolean) {
  const schema = quoteSchema(schemaName);
  const telling = (from: string, first: number) =>
    tells ? `, ${messageClause({ schema: schemaName, from, first })}` : '';
  const insertSaga = (deadline: string) => `
    INSERT INTO ${schema}.saga (id, name, version, fingerprint, key, input, context, deadline_at)
    VALUES ($1::uuid, $2::text, $3::integer, $4::text, $5::text, $6::jsonb, $7::jsonb, clock_timestamp() + ${ms(deadline)})
    ON CONFLICT (name, key) DO NOTHING`;
  const entryColumns = `INSERT INTO ${schema}.saga_step AS entry
      (saga_id, step, direction, state, attempt, ordinal, output, error, started_at, finished_at)`;
  const entryValues = `$3::text, $4::text, $5::text, $6::integer, $7::integer, $8::jsonb, $9::jsonb,
      clock_timestamp() - ${ms('$10')}, CASE WHEN $5::text <> 'started' THEN clock_timestamp() END`;
  const own = `WITH own AS (SELECT id FROM ${schema}.saga WHERE id = $1::uuid AND fence = $2::bigint FOR SHARE)`;
  const entryEnd = `ON CONFLICT (saga_id, step, direction) DO UPDATE SET state = excluded.state, attempt = excluded.attempt,
      output = excluded.output, error = excluded.error, finished_at = excluded.finished_at
    RETURNING (SELECT cancel_requested_at IS NOT NULL FROM ${schema}.saga_lease WHERE saga_id = $1::uuid) AS cancelled`;
  const fields = `s.id::text AS id, s.name, s.version, s.fingerprint, s.key, s.input, s.input IS NOT NULL AS "hasInput", s.context,
    s.state, s.fence::text AS fence, s.result, s.result IS NOT NULL AS "hasResult", s.failed_step AS "failedStep", s.error,
    s.deadline_at AS "deadlineAt", extract(epoch FROM s.deadline_at - clock_timestamp())::float8 * 1000 AS "leftMs",
    s.created_at AS "createdAt", s.updated_at AS "updatedAt", s.finished_at AS "finishedAt",
    l.owner::text AS owner, l.due_at AS "dueAt", coalesce(l.recoveries, 0) AS recoveries,
    coalesce(l.cancel_requested_at IS NOT NULL, false) AS cancelled,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('step', e.step, 'direction', e.direction, 'state', e.state,
        'attempt', e.attempt, 'order', e.ordinal, 'output', e.output, 'hasOutput', e.output IS NOT NULL, 'error', e.error,
        'startedAt', e.started_at, 'finishedAt', e.finished_at) ORDER BY e.ordinal), '[]')
       FROM ${schema}.saga_step e WHERE e.saga_id = s.id) AS steps,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('at', a.at, 'action', a.action, 'note', a.note) ORDER BY a.at), '[]')
       FROM ${schema}.saga_audit a WHERE a.saga_id = s.id) AS audit`;
  const due = (suspected: '<' | '>=', limit: string) => `
        SELECT l.saga_id FROM ${schema}.saga_lease l JOIN ${schema}.saga s ON s.id = l.saga_id
          JOIN unnest($3::text[], $4::integer[], $5::text[], $6::integer[]) AS known (name, version, fingerprint, suspected)
            ON (s.name, s.version, s.fingerprint) = (known.name, known.version, known.fingerprint)
         WHERE l.due_at <= clock_timestamp()
           AND l.recoveries - l.forgiven + CASE WHEN l.owner IS NULL THEN 0 ELSE 1 END ${suspected} known.suspected
         ORDER BY l.due_at LIMIT ${limit}::integer FOR UPDATE OF l SKIP LOCKED`;
  const from = `FROM ${schema}.saga s LEFT JOIN ${schema}.saga_lease l ON l.saga_id = s.id`;
  return {
    /** What is known of these definitions; new ones are noted. */
    define: `
      WITH given AS (SELECT * FROM unnest($1::text[], $2::integer[], $3::text[]) AS given (name, version, fingerprint)),
      made AS (INSERT INTO ${schema}.saga_definition (name, version, fingerprint) SELECT * FROM given
               ON CONFLICT (name, version) DO NOTHING)
      SELECT given.name, given.version FROM given JOIN ${schema}.saga_definition known USING (name, version)
       WHERE known.fingerprint <> given.fingerprint`,
    /** With a lease of the owner $9, or of nobody; no row where the key is taken. */
    create: `
      WITH made AS (${insertSaga('$8')} RETURNING id)${telling('made', 11)}
      INSERT INTO ${schema}.saga_lease (saga_id, owner, due_at)
      SELECT id, $9::uuid, clock_timestamp() + ${ms('$10')} FROM made RETURNING 1 AS made`,
    /** Both for the end of a transaction. The second one fails where the key belongs to a saga with another input. */
    enqueue: [
      `WITH made AS (${insertSaga('$8')} RETURNING 1) SELECT 1 AS reached`,
      `INSERT INTO ${schema}.saga_lease (saga_id, due_at)
       SELECT CASE WHEN id = $1::uuid THEN id END, clock_timestamp() FROM ${schema}.saga
        WHERE name = $2::text AND key = $3::text AND (id = $1::uuid OR input IS DISTINCT FROM $4::jsonb)`,
    ],
    /**
     * After {@link enqueue}: the message, where the saga is a new one; 1 then. Nobody else tells of a saga that is not
     * committed, so it takes no lock, and any number of them may be enqueued together.
     */
    tellEnqueued: `WITH made AS (SELECT id FROM ${schema}.saga WHERE id = $1::uuid),
      ${messageClause({ schema: schemaName, from: 'made', first: 2, inTurn: false })}
      SELECT count(*) FROM made`,
    existing: `SELECT id::text AS id, state, input IS NOT DISTINCT FROM $3::jsonb AS same
      FROM ${schema}.saga WHERE name = $1::text AND key = $2::text`,
    /** Outside of any transaction: no row where the saga is somebody else's. */
    entry: `${own}${telling('own', 11)} ${entryColumns} SELECT id, ${entryValues} FROM own ${entryEnd}`,
    /** In front of a COMMIT: fails where the saga is somebody else's, as the id may not be NULL. */
    entryAtCommit: `${own} ${entryColumns} VALUES ((SELECT id FROM own), ${entryValues}) ${entryEnd}`,
    /** After {@link entryAtCommit}, which has made sure that the fence holds. */
    completeAtCommit: `UPDATE ${schema}.saga SET state = 'completed', result = $3::jsonb, updated_at = clock_timestamp(),
      finished_at = clock_timestamp() WHERE id = $1::uuid AND fence = $2::bigint`,
    /** Where the transaction reads a snapshot, a lease that was prolonged meanwhile would make it fail: that one runs out. */
    freeAtCommit: `DELETE FROM ${schema}.saga_lease
      WHERE saga_id = $1::uuid AND current_setting('transaction_isolation') IN ('read committed', 'read uncommitted')`,
    /**
     * An end frees the lease; a dead saga keeps it for its count, and nobody takes it up. The lease comes before the message,
     * as it does for whoever cancels the saga: the other way round each of the two would wait for the other.
     */
    move: `
      WITH moved AS (
        UPDATE ${schema}.saga SET state = $3::text, result = $4::jsonb, failed_step = $5::text, error = $6::jsonb,
               updated_at = clock_timestamp(),
               finished_at = CASE WHEN $3::text NOT IN ${OPEN} THEN clock_timestamp() END
         WHERE id = $1::uuid AND fence = $2::bigint RETURNING id),
      freed AS (DELETE FROM ${schema}.saga_lease l USING moved
                 WHERE l.saga_id = moved.id AND $3::text IN ('completed', 'compensated') RETURNING 1),
      parked AS (UPDATE ${schema}.saga_lease l SET owner = NULL, due_at = NULL FROM moved
                  WHERE l.saga_id = moved.id AND $3::text = 'dead' RETURNING 1),
      ended AS (SELECT 1 FROM moved, (SELECT count(*) FROM freed) AS f, (SELECT count(*) FROM parked) AS p)${telling('ended', 7)}
      SELECT 1 AS moved FROM moved`,
    /**
     * Those of the owner $1 that it still has, of the sagas $2. One that somebody is about to cancel, in a transaction that
     * takes its time, is locked, and holds up none of the others.
     */
    beat: `
      WITH free AS (SELECT saga_id FROM ${schema}.saga_lease
                     WHERE owner = $1::uuid AND saga_id = ANY($2::uuid[]) FOR UPDATE SKIP LOCKED),
      prolonged AS (UPDATE ${schema}.saga_lease l SET due_at = clock_timestamp() + ${ms('$3')} FROM free
                     WHERE l.saga_id = free.saga_id
                    RETURNING l.saga_id, l.cancel_requested_at IS NOT NULL AS cancelled)
      SELECT saga_id::text AS id, cancelled, true AS prolonged FROM prolonged
       UNION ALL
      SELECT saga_id::text, cancel_requested_at IS NOT NULL, false FROM ${schema}.saga_lease
       WHERE owner = $1::uuid AND saga_id = ANY($2::uuid[]) AND saga_id NOT IN (SELECT saga_id FROM free)`,
    /**
     * Up to $7 that are due, of the definitions $3 to $5, and among them up to $8 suspects, of which $6 says from which
     * recovery on they are. What its owner has not given back counts as a recovery.
     */
    claim: `
      WITH due AS (${due('<', '$7')}), suspect AS (${due('>=', 'least($7::integer, $8::integer)')}),
      chosen AS (SELECT saga_id, false AS suspect FROM due UNION ALL SELECT saga_id, true FROM suspect LIMIT $7::integer)
      UPDATE ${schema}.saga_lease l SET owner = $1::uuid, due_at = clock_timestamp() + ${ms('$2')},
             recoveries = l.recoveries + CASE WHEN l.owner IS NULL THEN 0 ELSE 1 END
        FROM chosen WHERE l.saga_id = chosen.saga_id
      RETURNING l.saga_id::text AS id, l.recoveries - l.forgiven AS recoveries, chosen.suspect AS suspect`,
    /** One that this owner had before, if it still has it. */
    reclaim: `UPDATE ${schema}.saga_lease SET due_at = clock_timestamp() + ${ms('$3')}, recoveries = recoveries + $4::integer
       WHERE saga_id = $2::uuid AND owner = $1::uuid RETURNING saga_id::text AS id, recoveries - forgiven AS recoveries, false AS suspect`,
    /** Waits for a transaction of an earlier owner that nobody knows the outcome of, which holds a lock on the saga. */
    refence: `UPDATE ${schema}.saga SET fence = fence + 1, updated_at = clock_timestamp() WHERE id = $1::uuid AND state IN ${OPEN}
      AND EXISTS (SELECT FROM ${schema}.saga_lease WHERE saga_id = $1::uuid AND owner = $2::uuid) RETURNING fence::text AS fence`,
    /** The lease of a saga that has come to its end. */
    dropSettled: `DELETE FROM ${schema}.saga_lease l WHERE l.saga_id = $1::uuid AND l.owner = $2::uuid
      AND NOT EXISTS (SELECT FROM ${schema}.saga s WHERE s.id = l.saga_id AND s.state IN ${OPEN})`,
    giveBack: `UPDATE ${schema}.saga_lease SET owner = NULL, due_at = clock_timestamp() WHERE owner = $1::uuid`,
    /** Those of $1 that are over, or gone. */
    settled: `SELECT asked.id::text AS id, s.id IS NULL AS gone FROM unnest($1::uuid[]) AS asked (id)
      LEFT JOIN ${schema}.saga s ON s.id = asked.id WHERE s.id IS NULL OR s.state NOT IN ${OPEN}`,
    load: `SELECT ${fields} ${from} WHERE s.id = $1::uuid`,
    find: `SELECT ${fields} ${from} WHERE s.name = $1::text AND s.key = $2::text`,
    list: `SELECT ${fields} ${from}
      WHERE ($1::text[] IS NULL OR s.state = ANY($1::text[])) AND ($2::text IS NULL OR s.name = $2::text)
        AND ($3::text IS NULL OR s.failed_step = $3::text)
        AND ($4::float8 IS NULL OR s.updated_at < clock_timestamp() - ${ms('$4')})
        AND ($5::boolean IS NOT TRUE OR (s.state IN ${OPEN} AND NOT EXISTS (
              SELECT FROM unnest($6::text[], $7::integer[], $8::text[]) AS known (name, version, fingerprint)
               WHERE (s.name, s.version, s.fingerprint) = (known.name, known.version, known.fingerprint))))
        AND ($9::uuid IS NULL OR (s.created_at, s.id) > (SELECT created_at, id FROM ${schema}.saga WHERE id = $9::uuid))
      ORDER BY s.created_at, s.id LIMIT $10::integer`,
    /** Sagas that wait for longer than $4 and that nobody here can run. */
    orphaned: `SELECT s.name, s.version, count(*)::integer AS count
        FROM ${schema}.saga_lease l JOIN ${schema}.saga s ON s.id = l.saga_id
       WHERE l.due_at < clock_timestamp() - ${ms('$4')} AND NOT EXISTS (
              SELECT FROM unnest($1::text[], $2::integer[], $3::text[]) AS known (name, version, fingerprint)
               WHERE (s.name, s.version, s.fingerprint) = (known.name, known.version, known.fingerprint))
       GROUP BY s.name, s.version`,
    /** At most $2 at a time; dead ones stay. */
    purge: `
      WITH old AS (
        SELECT id FROM ${schema}.saga WHERE state IN ('completed', 'compensated') AND finished_at < clock_timestamp() - ${ms('$1')}
         ORDER BY finished_at LIMIT $2::integer FOR UPDATE SKIP LOCKED),
      gone AS (DELETE FROM ${schema}.saga s USING old WHERE s.id = old.id RETURNING s.id),
      steps AS (DELETE FROM ${schema}.saga_step e USING gone WHERE e.saga_id = gone.id),
      leases AS (DELETE FROM ${schema}.saga_lease l USING gone WHERE l.saga_id = gone.id),
      audits AS (DELETE FROM ${schema}.saga_audit a USING gone WHERE a.saga_id = gone.id)
      SELECT count(*)::integer AS count FROM gone`,
  } as const;
}

/** What {@link sagaSql} gives. */
export type SagaSql = ReturnType<typeof sagaSql>;

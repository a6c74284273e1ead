import { quoteSchema } from '../../library-schema/library-schema-script.js';
import { messageClause } from '../../outbox/message-clause.js';

/** What an operator need not know of a saga. */
const IDENTITY = `jsonb_build_object('id', id, 'version', version)`;

/**
 * The statements of those who look after sagas; each gives the saga it was about, and nothing where there is none.
 *
 * @param tells - as for `sagaSql`
 */
export function operatorSql(schemaName: string, tells: boolean) {
  const schema = quoteSchema(schemaName);
  const telling = (from: string, first: number) =>
    tells ? `, ${messageClause({ schema: schemaName, from, first, more: IDENTITY })}` : '';
  return {
    /** `isNew`: nobody has asked for it before. */
    cancel: `
      WITH asked AS (
        SELECT s.id, s.version, l.cancel_requested_at IS NULL AS is_new
          FROM ${schema}.saga_lease l JOIN ${schema}.saga s ON s.id = l.saga_id
         WHERE s.name = $1::text AND s.key = $2::text AND s.state = 'running' FOR UPDATE OF l),
      noted AS (UPDATE ${schema}.saga_lease l SET cancel_requested_at = clock_timestamp()
                  FROM asked WHERE l.saga_id = asked.id AND asked.is_new),
      news AS (SELECT id, version FROM asked WHERE is_new)${telling('news', 3)}
      SELECT id::text AS id, version, is_new AS "isNew" FROM asked`,
    /** Steps that were given up are tried again; what was done stays done. */
    retry: `
      WITH revived AS (
        UPDATE ${schema}.saga s SET state = $3::text, fence = fence + 1, error = CASE WHEN $3 = 'running' THEN NULL ELSE error END,
               failed_step = CASE WHEN $3 = 'running' THEN NULL ELSE failed_step END, finished_at = NULL,
               deadline_at = NULL, updated_at = clock_timestamp()
         WHERE name = $1::text AND key = $2::text AND state = 'dead' RETURNING id, version),
      leased AS (UPDATE ${schema}.saga_lease l SET owner = NULL, due_at = clock_timestamp(), forgiven = l.recoveries,
                        cancel_requested_at = CASE WHEN $3 = 'compensating' THEN l.cancel_requested_at END
                   FROM revived WHERE l.saga_id = revived.id),
      cleared AS (DELETE FROM ${schema}.saga_step e USING revived
                   WHERE e.saga_id = revived.id AND e.state = 'failed' AND (e.direction = 'undo' OR $3 = 'running')),
      noted AS (INSERT INTO ${schema}.saga_audit (saga_id, action, note) SELECT id, 'retried', $4::text FROM revived)${telling('revived', 5)}
      SELECT id::text AS id, version FROM revived`,
    resolve: `
      WITH closed AS (
        UPDATE ${schema}.saga SET state = 'compensated', fence = fence + 1, updated_at = clock_timestamp(),
               finished_at = clock_timestamp()
         WHERE name = $1::text AND key = $2::text AND state = 'dead' RETURNING id, version),
      freed AS (DELETE FROM ${schema}.saga_lease l USING closed WHERE l.saga_id = closed.id),
      noted AS (INSERT INTO ${schema}.saga_audit (saga_id, action, note) SELECT id, 'resolved', $3::text FROM closed)${telling('closed', 4)}
      SELECT id::text AS id, version FROM closed`,
  } as const;
}

/** What {@link operatorSql} gives. */
export type OperatorSql = ReturnType<typeof operatorSql>;

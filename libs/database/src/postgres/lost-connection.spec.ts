import { describe, expect, it } from '@jest/globals';
import { explainLoss } from './lost-connection.js';
import type { TrackedQuery } from './tracked-query.js';

const cause = Object.assign(new Error('Cannot create a string longer than 0x1fffffe8 characters'), {
  code: 'ERR_STRING_TOO_LONG',
});

function explain(query: Pick<TrackedQuery, 'kind' | 'sent' | 'text'>) {
  const target = { kind: 'postgres', connection: 'default' } as const;
  return explainLoss(query as TrackedQuery, { endpoint: 'db:5432', target, cause, silentMs: undefined });
}

describe('a result that holds more than a string can', () => {
  it.each([false, true])(
    'is not worth a repetition, which would receive it again (inside a transaction: %p)',
    (inTransaction) => {
      const error = explain({ kind: 'read', sent: { inTransaction }, text: 'SELECT text FROM page' });
      expect(error).toMatchObject({ code: 'QUERY', retryable: false, outcome: 'not-applied' });
      expect(error.message).toMatch(
        /^SELECT was rejected .*longer than the \d+ characters.*read it in parts/,
      );
    },
  );

  it('leaves the effect of an autocommit write unknown', () => {
    const sent = { inTransaction: false };
    expect(explain({ kind: 'write', sent, text: 'UPDATE page … RETURNING text' })).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      retryable: false,
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { failureOf } from './saga-failure.js';
import type { SagaRecord, StepEntry } from './saga-journal.port.js';

const entry = (
  step: string,
  direction: 'do' | 'undo',
  state: StepEntry['state'],
  order: number,
): StepEntry => ({
  step,
  direction,
  state,
  order,
  attempt: 1,
});
const record = (state: 'compensated' | 'dead', ...entries: readonly StepEntry[]): SagaRecord => ({
  name: 'trip',
  key: 'a',
  input: null,
  state,
  step: 'last',
  error: new Error('no'),
  entries,
});

describe('failureOf', () => {
  it('says `not-applied` where all that was done was taken back, and what was refused did nothing', () => {
    const failure = failureOf(
      record(
        'compensated',
        entry('hotel', 'do', 'done', 1),
        entry('flight', 'do', 'started', 2),
        entry('last', 'do', 'failed', 3),
        entry('flight', 'undo', 'done', 4),
        entry('hotel', 'undo', 'done', 5),
      ),
    );
    expect(failure).toMatchObject({ outcome: 'not-applied', compensated: ['flight', 'hotel'], left: [] });
  });

  it.each(['done', 'started'] as const)(
    'does not say so of a saga with an irreversible step that is %s, and names it',
    (state) => {
      const failure = failureOf(
        record('compensated', entry('letter', 'do', state, 1), entry('last', 'do', 'failed', 2)),
      );
      expect(failure).toMatchObject({ outcome: 'unknown', state: 'compensated', left: ['letter'] });
      expect(failure.message).toContain(
        'Nothing was taken back. Done, or in doubt, without a way back: letter.',
      );
    },
  );

  it('does not say so of a transaction that has failed and may be committed, in the order of the beginnings', () => {
    const inDoubt = { ...entry('last', 'do', 'failed', 3), error: { code: 'OUTCOME_UNKNOWN' } };
    const failure = failureOf(
      record('compensated', inDoubt, entry('b', 'do', 'done', 2), entry('a', 'do', 'done', 1)),
    );
    expect(failure).toMatchObject({ outcome: 'unknown', left: ['a', 'b', 'last'] });
  });

  it('names what is left of a saga that is dead', () => {
    const failure = failureOf(
      record(
        'dead',
        entry('hotel', 'do', 'done', 1),
        entry('flight', 'do', 'done', 2),
        entry('last', 'do', 'failed', 3),
        entry('flight', 'undo', 'failed', 4),
        entry('hotel', 'undo', 'done', 5),
      ),
    );
    expect(failure).toMatchObject({ outcome: 'unknown', compensated: ['hotel'], left: ['flight'] });
  });
});

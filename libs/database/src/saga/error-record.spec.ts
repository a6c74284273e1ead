import { describe, expect, it } from '@jest/globals';
import { fromErrorRecord, toErrorRecord } from './error-record.js';
import { SagaStoppedError } from './saga.errors.js';

/** What comes out of the journal in another process. */
function recorded(error: unknown): Error | undefined {
  return fromErrorRecord(JSON.parse(JSON.stringify(toErrorRecord(error))));
}

describe('a failure that was kept in the journal', () => {
  it('has its name, its message and its code', () => {
    const failure = Object.assign(new TypeError('no seat'), { code: 'NO_SEAT', seat: '12a' });
    const kept = recorded(failure);
    expect(kept).toBeInstanceOf(Error);
    expect({ ...kept, name: kept?.name, message: kept?.message }).toEqual({ name: 'TypeError', message: 'no seat', code: 'NO_SEAT' });
  }); // prettier-ignore

  it.each(['cancelled', 'late'] as const)('still says why the saga was stopped: %s', (why) => {
    expect(recorded(new SagaStoppedError(why))).toMatchObject({ name: 'SagaStoppedError', why });
  });
});

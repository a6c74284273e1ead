import { describe, expect, it } from '@jest/globals';
import { SagaStoppedError } from 'nestjs-database';
import { CardDeclinedError } from '../partners/partner.errors.js';
import { reasonOf } from './failure-reason.js';

/** As the journal gives it to another instance. */
function recorded(error: Error): Error {
  const { name, message } = error;
  return Object.assign(new Error(message), { name, why: (error as { why?: unknown }).why });
}

describe('the reason why an order came to nothing', () => {
  it.each([
    ['DECLINED', 'was declined', new CardDeclinedError('card_declined')],
    ['CANCELLED', 'was cancelled', new SagaStoppedError('cancelled')],
    // Nobody has cancelled it, and nobody is told so.
    ['FAILED', 'could not be made', new SagaStoppedError('late')],
    ['FAILED', 'could not be made', new Error('silence')],
  ])('is %s, in words for the customer, here and in another instance', (status, words, error) => {
    for (const failure of [error, recorded(error)])
      expect(reasonOf(failure)).toEqual({ status, reason: expect.stringContaining(words) });
  });
});

import { describe, expect, it } from '@jest/globals';
import { SagaStoppedError, type SagaSnapshot } from 'nestjs-database';
import { reasonFor, statusOf } from './card-order.js';

describe('a card order whose saga was stopped before it had done anything', () => {
  it.each([
    ['CANCELLED', 'was cancelled', new SagaStoppedError('cancelled')],
    ['FAILED', 'nothing was charged', new SagaStoppedError('late')],
  ] as const)('is %s, and says so in words for the customer', (expected, words, error) => {
    const saga = { state: 'compensated', error } as Partial<SagaSnapshot> as SagaSnapshot;
    const status = statusOf(saga, null);
    expect(status).toBe(expected);
    expect(reasonFor({ key: 'cart-1', status, payment: null, saga })).toContain(words);
  });
});

import { describe, expect, it } from '@jest/globals';
import { translateConnectionFailure } from './connection-failure.js';

const target = { kind: 'postgres', connection: 'default' } as const;
const failure = (properties: object) => Object.assign(new Error('boom'), properties);

describe('translateConnectionFailure', () => {
  it.each([
    [failure({ code: 'ECONNREFUSED' }), 'UNAVAILABLE', true],
    [new AggregateError([failure({ code: 'ECONNREFUSED' })]), 'UNAVAILABLE', true],
    [failure({ code: '57P03' }), 'UNAVAILABLE', true],
    [failure({ message: 'timeout exceeded when trying to connect' }), 'UNAVAILABLE', true],
    [failure({ message: 'Connection terminated unexpectedly' }), 'UNAVAILABLE', true],
    [failure({ message: 'LOADING Redis is loading the dataset in memory' }), 'UNAVAILABLE', true],
    [failure({ code: '28P01' }), 'AUTH', false],
    [failure({ message: 'WRONGPASS invalid username-password pair' }), 'AUTH', false],
    [failure({ code: '3D000', message: 'database "shop" does not exist' }), 'SCHEMA', false],
    [failure({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'TLS', false],
    [failure({ message: 'The server does not support SSL connections' }), 'TLS', false],
    [failure({ code: 'XX000' }), 'QUERY', false],
    ['a string', 'QUERY', false],
    [undefined, 'QUERY', false],
  ])('gives %p the code %s', (error, code, retryable) => {
    expect(translateConnectionFailure(error, 'db:5432', target)).toMatchObject({
      code,
      retryable,
      outcome: 'not-applied',
      target,
      cause: error,
    });
  });

  it('treats what it does not know as not retryable', () => {
    expect(translateConnectionFailure(failure({ code: 'E_NEW' }), 'db:5432', target).retryable).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { PoolTimeoutError, RecordNotFoundError, UnavailableError } from 'nestjs-database';
import { classifyFault } from './fault.js';

const target = { kind: 'postgres', connection: 'default' } as const;
const failure = (message: string, properties: object = {}) => Object.assign(new Error(message), properties);

describe('classifyFault', () => {
  it.each([
    ['duplicate', failure('', { code: 'P2002' })],
    ['still-referenced', failure('', { code: 'P2003' })],
    ['unavailable', failure('', { code: 'P1001' })],
    ['unavailable', failure('', { code: 'ECONNREFUSED' })],
    ['unavailable', failure('', { cause: { originalCode: '57P01' } })],
    ['unavailable', failure('Connection terminated unexpectedly')],
    ['unavailable', failure('Transaction API error: Unable to start a transaction in the given time.', { code: 'P2028' })],
    ['unavailable', new UnavailableError('db:5432', 'ECONNREFUSED', { target })],
    ['unavailable', new PoolTimeoutError(1, { total: 1, active: 1, idle: 0, waiting: 1, max: 1 }, { target })],
    ['unavailable', failure('Transaction API error: A query cannot be executed on an expired transaction.', { code: 'P2028' })],
    ['unknown', failure('Transaction API error: Transaction not found.', { code: 'P2028' })],
    ['unknown', new RecordNotFoundError('product', 'getById', 1)],
    ['unknown', failure('boom')],
    ['unknown', 'a text'],
    ['unknown', undefined],
  ])('tells %s by the structure of the error', (fault, error) => {
    expect(classifyFault(error)).toBe(fault);
  });

  it('does not go round in circles', () => {
    const circular = failure('boom');
    circular.cause = circular;
    expect(classifyFault(circular)).toBe('unknown');
  });
}); // prettier-ignore

import { describe, expect, it } from '@jest/globals';
import {
  AuthenticationError,
  CommitOutcomeUnknownError,
  ConnectionLostError,
  PoolTimeoutError,
  QueryTimeoutError,
  RecordNotFoundError,
  ShuttingDownError,
  UnavailableError,
  UniqueViolationError,
} from 'nestjs-database';
import { classifyFault } from './fault.js';

const target = { kind: 'postgres', connection: 'default' } as const;
const failure = (message: string, properties: object = {}) => Object.assign(new Error(message), properties);
const known = (message: string, code: string) =>
  failure(message, { name: 'PrismaClientKnownRequestError', code });
const usage = { total: 1, active: 1, connecting: 0, idle: 0, waiting: 1, max: 1 };

describe('classifyFault', () => {
  it.each([
    ['duplicate', new UniqueViolationError('product.create', { fields: ['sku'] })],
    ['unavailable', new UnavailableError('db:5432', 'ECONNREFUSED', { target })],
    ['unavailable', new PoolTimeoutError(1, usage, { target })],
    ['unavailable', new ConnectionLostError('db:5432', 'ECONNRESET', { target })],
    ['unavailable', new ShuttingDownError({ target })],
    [
      'unavailable',
      new QueryTimeoutError('product.findMany', 1_000, { outcome: 'not-applied', retryable: true }),
    ],
    ['uncertain', new CommitOutcomeUnknownError('ECONNRESET', { target })],
    ['uncertain', new QueryTimeoutError('order.create', 1_000)],
    ['unknown', new AuthenticationError('db:5432', { target })],
    ['unknown', new RecordNotFoundError('product', 'getById', 1)],
    ['unknown', failure('boom')],
    ['unknown', 'a text'],
    ['unknown', undefined],
  ])("tells %s by the library's class", (fault, error) => {
    expect(classifyFault(error)).toBe(fault);
  });

  it.each([
    ['duplicate', known('', 'P2002')],
    ['still-referenced', known('', 'P2003')],
    ['unavailable', known('', 'P1001')],
    ['unavailable', failure('', { code: 'ECONNREFUSED' })],
    ['unavailable', known('', 'P2034')],
    ['uncertain', failure('', { name: 'DriverAdapterError', cause: { originalCode: '57P01' } })],
    ['uncertain', failure('Connection terminated unexpectedly')],
    ['unavailable', known('Transaction API error: Unable to start a transaction in the given time.', 'P2028')],
    ['unavailable', known('Transaction API error: A query cannot be executed on an expired transaction.', 'P2028')],
    ['unknown', known('Transaction API error: Transaction not found.', 'P2028')],
  ])("tells %s by the structure of what Prisma's own delegates throw", (fault, error) => {
    expect(classifyFault(error)).toBe(fault);
  }); // prettier-ignore
});

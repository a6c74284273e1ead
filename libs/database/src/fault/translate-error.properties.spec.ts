import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DatabaseError } from '../errors/database.error.js';
import { ERROR_CODES } from '../errors/error-codes.js';
import type { FaultContext } from './fault.js';
import { classifyFault, translateError } from './translate-error.js';

const SENTINEL = 'S3ntinel-Zm9v';
const RETRYABLE = new Set([
  'UNAVAILABLE', 'POOL_TIMEOUT', 'CONNECTION_LOST', 'LOCK_TIMEOUT', 'SERIALIZATION_FAILURE', 'DEADLOCK', 'RESOURCE',
  'QUERY_TIMEOUT', 'TRANSACTION_TIMEOUT',
]); // prettier-ignore

const states = fc
  .tuple(
    fc.constantFrom(
      '00', '01', '08', '0A', '22', '23', '25', '26', '28', '2B', '34', '3D', '3F', '40', '42', '53', '54', '55', '57', '58',
      '72', 'F0', 'HV', 'P0', 'XX', 'ZZ', 'Q1',
    ),
    fc.stringMatching(/^[0-9A-Z]{3}$/),
  )
  .map(([head, tail]) => head + tail); // prettier-ignore
const severities = fc.constantFrom('ERROR', 'FATAL', 'PANIC');
const contexts: fc.Arbitrary<FaultContext> = fc.record(
  {
    phase: fc.constantFrom('connect', 'begin', 'execute', 'commit'),
    access: fc.constantFrom('read', 'write'),
    inTransaction: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** Each way in which a SQLSTATE reaches the application, with a secret at every place that can hold a row. */
const WRAPPERS: readonly ((state: string, severity: string) => unknown)[] = [
  (state, severity) => serverError(state, severity),
  (state, severity) => adapterError(state, severity),
  (state, severity) => prismaError('P2010', { driverAdapterError: adapterError(state, severity) }),
  (state, severity) => prismaError('P2039', { modelName: 'User', driverAdapterError: adapterError(state, severity) }),
  (state, severity) => new AggregateError([serverError(state, severity)]),
  (state, severity) => new Error('outer', { cause: new Error('inner', { cause: serverError(state, severity) }) }),
  (state, severity) => Object.freeze(serverError(state, severity)),
]; // prettier-ignore

function serverError(code: string, severity: string): Error {
  return Object.assign(new Error(`value "${SENTINEL}" is wrong`), {
    name: 'error', severity, code, detail: `Failing row contains (1, ${SENTINEL}).`, hint: SENTINEL, where: SENTINEL,
    internalQuery: SENTINEL, table: 'user', constraint: 'user_email_key',
  }); // prettier-ignore
}

function adapterError(originalCode: string, severity: string): Error {
  const message = `value "${SENTINEL}" is wrong`;
  const cause = {
    originalCode, originalMessage: message, kind: 'postgres', code: originalCode, severity, message,
    detail: SENTINEL, hint: SENTINEL, cause: message,
  }; // prettier-ignore
  return Object.assign(new Error(message), { name: 'DriverAdapterError', cause });
}

function prismaError(code: string, meta: object): Error {
  const message = `\nInvalid invocation:\n\n  data: { email: "${SENTINEL}" }\n\nRaw query failed. Message: \`${SENTINEL}\``;
  const name = 'PrismaClientKnownRequestError';
  return Object.assign(new Error(message), { name, code, meta, clientVersion: '7.10.0' });
}

function everythingShown(error: DatabaseError): string {
  const chain: unknown[] = [];
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    chain.push(current.message, current.stack, JSON.stringify(current), { ...current });
  }
  return [
    inspect(error, { depth: 20, showHidden: false }),
    String(error),
    inspect(chain, { depth: 20 }),
  ].join('\n');
}

function expectSound(error: DatabaseError): void {
  expect(error).toBeInstanceOf(DatabaseError);
  expect(Object.keys(ERROR_CODES)).toContain(error.code);
  expect(error.name).toBe(error.constructor.name);
  expect(error.message).not.toMatch(/undefined|null|\[object/);
  if (error.retryable) expect([error.outcome, RETRYABLE.has(error.code)]).toEqual(['not-applied', true]);
}

describe('translateError, as properties', () => {
  it('gives every SQLSTATE, in every wrapper and phase, a class, and shows nothing of the row', () => {
    fc.assert(
      fc.property(states, severities, fc.constantFrom(...WRAPPERS), contexts, (state, severity, wrap, context) => {
        const error = translateError(wrap(state, severity), context);
        expectSound(error);
        expect(everythingShown(error)).not.toContain(SENTINEL);
      }),
      { numRuns: 400 },
    ); // prettier-ignore
  });

  it('gives one SQLSTATE the same code in every wrapper', () => {
    fc.assert(
      fc.property(states, severities, contexts, (state, severity, context) => {
        const codes = WRAPPERS.map((wrap) => classifyFault(wrap(state, severity), context).code);
        expect(new Set(codes).size).toBe(1);
      }),
      { numRuns: 100 },
    );
  });

  it('never lets a code of the server that it does not know be repeated', () => {
    const known = /^(08(?!P01)|40001|40P01|53300|55P03|57P0[1235]|57014)/;
    fc.assert(
      fc.property(states.filter((state) => !known.test(state)), contexts, (state, context) => {
        expect(classifyFault(serverError(state, 'ERROR'), context).retryable).toBe(false);
      }),
      { numRuns: 300 },
    ); // prettier-ignore
  });

  it('never lets anything that it does not know be repeated, and never throws', () => {
    const values = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true, withSet: true }),
      fc.record({ message: fc.string(), code: fc.oneof(fc.string(), fc.integer()), cause: fc.anything(), meta: fc.anything() }),
    ); // prettier-ignore
    fc.assert(
      fc.property(values, contexts, (value, context) => {
        const fault = classifyFault(value, context);
        if (fault.source === 'unknown') expect([fault.code, fault.retryable]).toEqual(['QUERY', false]);
        expectSound(translateError(value, context));
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'password=x'],
    ['a symbol', Symbol('x')],
    ['a function', () => 1],
    ['a cycle', cyclic()],
    ['a deep chain', deep(200)],
    ['getters that throw', trapped()],
    ['a revoked proxy', revoked()],
    ['a proxy that refuses everything', new Proxy({}, refusing())],
    ['a frozen error', Object.freeze(new Error('x'))],
    ['an error without prototype', Object.setPrototypeOf(new Error('x'), null)],
    ['two hundred errors in one', new AggregateError(Array.from({ length: 200 }, () => new Error('x')))],
  ])('survives %s', (_, value) => {
    expect(classifyFault(value)).toMatchObject({ code: 'QUERY', retryable: false, outcome: 'unknown' });
    expectSound(translateError(value));
  });

  it("shows nothing of Redis' arguments, of Prisma's arguments and of what a trigger raised", () => {
    const command = { name: 'auth', args: [SENTINEL, Buffer.from(SENTINEL)] };
    const shapes = [
      Object.assign(new Error(`ERR unknown command '${SENTINEL}'`), { name: 'ReplyError', command }),
      Object.assign(new Error('Command timed out'), { command }),
      new Error('outer', {
        cause: Object.assign(new Error(`WRONGTYPE ${SENTINEL}`), { name: 'ReplyError', command }),
      }),
      Object.assign(
        new Error(`Invalid invocation:\n{ email: "${SENTINEL}" }\n\nArgument \`x\` is missing.`),
        {
          name: 'PrismaClientValidationError',
          clientVersion: '7.10.0',
        },
      ),
      serverError('P0001', 'ERROR'),
      Object.assign(serverError('53100', 'ERROR'), { message: SENTINEL }),
      Object.assign(serverError('22P02', 'ERROR'), {
        message: `invalid input syntax for type uuid: "${SENTINEL}"`,
      }),
      Object.assign(serverError('42601', 'ERROR'), { message: `syntax error at or near "${SENTINEL}"` }),
    ];
    for (const shape of shapes) expect(everythingShown(translateError(shape))).not.toContain(SENTINEL);
  });
});

function cyclic(): Error {
  const error = new Error('x');
  error.cause = error;
  return Object.assign(error, { errors: [error], meta: { driverAdapterError: error } });
}

function deep(levels: number): Error {
  let error = new Error('x');
  for (let level = 0; level < levels; level += 1) error = new Error('x', { cause: error });
  return error;
}

function trapped(): object {
  const fail = () => {
    throw new Error('trapped');
  };
  const properties = ['name', 'message', 'code', 'cause', 'meta', 'errors', 'stack', 'command', 'severity'];
  return Object.defineProperties({}, Object.fromEntries(properties.map((key) => [key, { get: fail }])));
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function refusing(): ProxyHandler<object> {
  const fail = () => {
    throw new Error('refused');
  };
  return { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail, getOwnPropertyDescriptor: fail };
}

import { describe, expect, it } from '@jest/globals';
import { ConnectionLostError } from '../errors/connection.errors.js';
import { CommitOutcomeUnknownError } from '../errors/outcome.errors.js';
import { DataError, ResourceError } from '../errors/query.errors.js';
import { classifyFault, translateError } from './translate-error.js';
import type { FaultContext } from './fault.js';

const target = { kind: 'postgres', connection: 'default' } as const;
const error = (message: string, properties: object = {}) => Object.assign(new Error(message), properties);
/** As pg 8.23 makes them. */
const server = (code: string, message = '', properties: object = {}) =>
  error(message, { name: 'error', severity: 'ERROR', code, length: 99, ...properties });
/** As adapter-pg 7.10 makes them. */
const adapter = (cause: object) => error('', { name: 'DriverAdapterError', cause });
const prisma = (code: string, message = '', meta: object = {}) =>
  error(`\nInvalid \`prisma.user.create()\` invocation in\n/app/user.ts:3:9\n\n→ 3 prisma.user.create(\n${message}`, {
    name: 'PrismaClientKnownRequestError', code, meta, clientVersion: '7.10.0',
  }); // prettier-ignore
const wrapped = (code: string, cause: object) => prisma(code, '', { driverAdapterError: adapter(cause) });
const reply = (message: string) =>
  error(message, { name: 'ReplyError', command: { name: 'set', args: ['key', 'value'] } });
const socket = (code: string, syscall: string) => error(`${syscall} ${code}`, { code, syscall, errno: -1 });

describe('classifyFault', () => {
  it.each([
    // Prisma's codes
    [prisma('P1000'), 'AUTH'],
    [prisma('P1001', "Can't reach database server at db:5432"), 'UNAVAILABLE'],
    [prisma('P1002'), 'UNAVAILABLE'],
    [prisma('P1003'), 'SCHEMA'],
    [prisma('P1008'), 'OUTCOME_UNKNOWN'],
    [prisma('P1010'), 'AUTH'],
    [prisma('P1011'), 'TLS'],
    [prisma('P1017'), 'OUTCOME_UNKNOWN'],
    [prisma('P2002'), 'UNIQUE_VIOLATION'],
    [prisma('P2003'), 'FOREIGN_KEY_VIOLATION'],
    [prisma('P2004'), 'CHECK_VIOLATION'],
    [prisma('P2010', 'Raw query failed. Code: `N/A`. Message: `Server has closed the connection.`'), 'OUTCOME_UNKNOWN'],
    [prisma('P2010', 'Raw query failed. Code: `N/A`. Message: `N/A`'), 'QUERY'],
    [prisma('P2011'), 'NOT_NULL_VIOLATION'],
    [prisma('P2020'), 'QUERY'],
    [prisma('P2021'), 'SCHEMA'],
    [prisma('P2022'), 'SCHEMA'],
    [prisma('P2024'), 'POOL_TIMEOUT'],
    [prisma('P2025', '', { operation: 'an update' }), 'RECORD_NOT_FOUND'],
    [prisma('P2025', '', { operation: 'a nested connect', relation: 'AToB', model: 'A' }), 'FOREIGN_KEY_VIOLATION'],
    [prisma('P2028', 'Transaction API error: Unable to start a transaction in the given time.'), 'TRANSACTION_TIMEOUT'],
    [prisma('P2028', 'Transaction API error: A query cannot be executed on an expired transaction. The timeout …'), 'TRANSACTION_TIMEOUT'],
    [prisma('P2028', 'Transaction API error: Transaction already closed: A query cannot be executed on a committed transaction.'), 'TRANSACTION_SCOPE_CLOSED'],
    [prisma('P2028', 'Transaction API error: Transaction not found. Transaction ID is invalid.'), 'TRANSACTION_SCOPE_CLOSED'],
    [prisma('P2028', 'Transaction API error: Internal Consistency Error: x'), 'QUERY'],
    [prisma('P2034'), 'SERIALIZATION_FAILURE'],
    [prisma('P2037'), 'RESOURCE'],
    [prisma('P2039'), 'QUERY'],
    [prisma('P2999'), 'QUERY'],
    [error('Argument `x` is missing.', { name: 'PrismaClientValidationError' }), 'VALIDATION'],
    // The adapter's errors, wrapped and bare
    [wrapped('P2034', { originalCode: '40P01', kind: 'TransactionWriteConflict' }), 'DEADLOCK'],
    [wrapped('P2010', { originalCode: '40001', kind: 'TransactionWriteConflict' }), 'SERIALIZATION_FAILURE'],
    [wrapped('P2010', { originalCode: '57P01', severity: 'FATAL', kind: 'postgres' }), 'OUTCOME_UNKNOWN'],
    [wrapped('P2010', { kind: 'DatabaseNotReachable', host: 'db', port: 5432 }), 'UNAVAILABLE'],
    [wrapped('P2010', { kind: 'TlsConnectionError', reason: 'x' }), 'TLS'],
    [wrapped('P2039', { originalCode: '25P02', severity: 'ERROR', kind: 'postgres' }), 'QUERY'],
    [adapter({ originalCode: '40001', kind: 'TransactionWriteConflict' }), 'SERIALIZATION_FAILURE'],
    [adapter({ kind: 'TransactionWriteConflict' }), 'SERIALIZATION_FAILURE'],
    [adapter({ kind: 'TooManyConnections', cause: 'x' }), 'RESOURCE'],
    [adapter({ kind: 'ConnectionClosed' }), 'OUTCOME_UNKNOWN'],
    // The server's own
    [server('08P01', 'bind message supplies 1 parameters, but prepared statement "" requires 2'), 'QUERY'],
    [wrapped('P2010', { originalCode: '08P01', severity: 'ERROR', kind: 'postgres' }), 'QUERY'],
    [server('08P01', 'invalid frontend message type 0', { severity: 'FATAL' }), 'OUTCOME_UNKNOWN'],
    // pg and pg-pool
    [error('timeout exceeded when trying to connect'), 'POOL_TIMEOUT'],
    [error('Connection terminated due to connection timeout'), 'UNAVAILABLE'],
    [error('timeout expired'), 'UNAVAILABLE'],
    [error('Connection terminated unexpectedly'), 'OUTCOME_UNKNOWN'],
    [error('Client has encountered a connection error and is not queryable'), 'CONNECTION_LOST'],
    [error('Client was closed and is not queryable'), 'CONNECTION_LOST'],
    [error('Cannot use a pool after calling end on the pool'), 'SHUTTING_DOWN'],
    [error('Query read timeout'), 'QUERY_TIMEOUT'],
    [error('Received unexpected commandComplete message from backend.'), 'OUTCOME_UNKNOWN'],
    [error('The server does not support SSL connections'), 'TLS'],
    [error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'), 'AUTH'],
    // Sockets, names, certificates
    [socket('ECONNREFUSED', 'connect'), 'UNAVAILABLE'],
    [socket('ENOTFOUND', 'getaddrinfo'), 'UNAVAILABLE'],
    [socket('EAI_AGAIN', 'getaddrinfo'), 'UNAVAILABLE'],
    [socket('EMFILE', 'connect'), 'UNAVAILABLE'],
    [socket('ENOENT', 'connect'), 'UNAVAILABLE'],
    [socket('ENOENT', 'open'), 'QUERY'],
    [socket('ETIMEDOUT', 'connect'), 'UNAVAILABLE'],
    [socket('ETIMEDOUT', 'read'), 'OUTCOME_UNKNOWN'],
    [socket('ECONNRESET', 'read'), 'OUTCOME_UNKNOWN'],
    [socket('EPIPE', 'write'), 'OUTCOME_UNKNOWN'],
    [error('', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'TLS'],
    [error('', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 'TLS'],
    [new AggregateError([socket('ECONNREFUSED', 'connect'), socket('ECONNREFUSED', 'connect')]), 'UNAVAILABLE'],
    // Redis
    [reply('WRONGPASS invalid username-password pair or user is disabled.'), 'AUTH'],
    [reply('NOAUTH Authentication required.'), 'AUTH'],
    [reply("NOPERM User x has no permissions to run the 'get' command"), 'AUTH'],
    [reply('ERR AUTH <password> called without any password configured'), 'AUTH'],
    [reply('LOADING Redis is loading the dataset in memory'), 'UNAVAILABLE'],
    [reply('BUSY Redis is busy running a script.'), 'UNAVAILABLE'],
    [reply('CLUSTERDOWN The cluster is down'), 'UNAVAILABLE'],
    [reply("READONLY You can't write against a read only replica."), 'READ_ONLY'],
    [reply("OOM command not allowed when used memory > 'maxmemory'."), 'RESOURCE'],
    [reply('MISCONF Redis is configured to save RDB snapshots'), 'RESOURCE'],
    [reply('ERR max number of clients reached'), 'RESOURCE'],
    [reply('MOVED 3999 127.0.0.1:6381'), 'QUERY'],
    [reply('WRONGTYPE Operation against a key holding the wrong kind of value'), 'QUERY'],
    [reply('NEWWORD something of a later version'), 'QUERY'],
    [error('Reached the max retries per request limit (which is 20).', { name: 'MaxRetriesPerRequestError' }), 'OUTCOME_UNKNOWN'],
    [error('Connection is closed.'), 'OUTCOME_UNKNOWN'],
    [error("Stream isn't writeable and enableOfflineQueue options is false"), 'UNAVAILABLE'],
    [error('Command timed out'), 'QUERY_TIMEOUT'],
    [error('Failed to refresh slots cache.', { name: 'ClusterAllFailedError', lastNodeError: socket('ECONNREFUSED', 'connect') }), 'UNAVAILABLE'],
  ])('recognises %p as %s', (thrown, code) => {
    expect(classifyFault(thrown).code).toBe(code);
  }); // prettier-ignore

  it.each([
    ['read', { access: 'read' }, 'CONNECTION_LOST', true],
    ['statement inside a transaction', { inTransaction: true, phase: 'execute' }, 'CONNECTION_LOST', true],
    ['BEGIN', { phase: 'begin' }, 'CONNECTION_LOST', true],
    ['connect', { phase: 'connect' }, 'UNAVAILABLE', true],
    ['autocommit write', { phase: 'execute', access: 'write' }, 'OUTCOME_UNKNOWN', false],
    ['COMMIT', { phase: 'commit', inTransaction: true }, 'OUTCOME_UNKNOWN', false],
    ['call of which nothing is known', {}, 'OUTCOME_UNKNOWN', false],
  ] as const)(
    'takes a connection lost during a %s for %o → %s',
    (_, context: FaultContext, code, retryable) => {
      const losses = [
        server('57P01', 'terminating connection due to administrator command', { severity: 'FATAL' }),
        error('Connection terminated unexpectedly'),
        socket('ECONNRESET', 'read'),
        wrapped('P2010', { kind: 'ConnectionClosed' }),
        prisma('P1017'),
      ];
      for (const loss of losses) {
        expect(classifyFault(loss, context)).toMatchObject({
        code, retryable, outcome: retryable ? 'not-applied' : 'unknown',
      }); // prettier-ignore
      }
    },
  );

  it('knows that nothing was sent when COMMIT met a connection that was broken already', () => {
    const broken = error('Client has encountered a connection error and is not queryable');
    expect(translateError(broken, { phase: 'commit', inTransaction: true })).toBeInstanceOf(
      ConnectionLostError,
    );
    expect(translateError(server('08006', '', { severity: 'FATAL' }), { phase: 'commit' })).toBeInstanceOf(
      CommitOutcomeUnknownError,
    );
  });

  it('takes an outcome that the server itself does not know for unknown in every phase', () => {
    for (const context of [{ access: 'read' }, { inTransaction: true }, { phase: 'begin' }] as const) {
      expect(classifyFault(server('40003'), context)).toMatchObject({ outcome: 'unknown', retryable: false });
    }
  });

  it('lets a cancelled read be repeated, a cancelled write and a statement of a transaction not', () => {
    const cancelled = server('57014', 'canceling statement due to statement timeout');
    expect(classifyFault(cancelled, { access: 'read' })).toMatchObject({
      code: 'QUERY_TIMEOUT',
      retryable: true,
    });
    expect(classifyFault(cancelled, { access: 'write' })).toMatchObject({
      retryable: false,
      outcome: 'not-applied',
    });
    expect(classifyFault(cancelled, { access: 'read', inTransaction: true }).retryable).toBe(false);
  });

  it.each([
    ['target (before 7)', prisma('P2002', '', { modelName: 'User', target: ['tenantId', 'email'] }), ['tenantId', 'email'], undefined],
    ['target as the index (before 7)', prisma('P2002', '', { modelName: 'User', target: 'User_email_key' }), undefined, 'User_email_key'],
    ['constraint.fields', wrapped('P2002', { originalCode: '23505', constraint: { fields: ['email'] } }), ['email'], undefined],
    ['constraint.index and table', wrapped('P2002', { originalCode: '23505', constraint: { index: 'User_email_key' }, table: 'User' }), ['email'], 'User_email_key'],
    ['an index of two columns or of one with an underscore', wrapped('P2002', { originalCode: '23505', constraint: { index: 'user_first_name_key' }, table: 'user' }), undefined, 'user_first_name_key'],
    ["pg's detail", server('23505', '', { table: 'user', constraint: 'u', detail: 'Key (a, b)=(1, secret) already exists.' }), ['a', 'b'], 'u'],
    ["pg's sentence", server('23502', 'null value in column "name" of relation "user" violates not-null constraint'), ['name'], undefined],
  ])('reads the fields of a broken constraint from %s', (_, thrown, fields, constraint) => {
    const fault = classifyFault(thrown);
    expect([fault.fields, fault.constraint]).toEqual([fields, constraint]);
  }); // prettier-ignore

  it('tells whose error it is, so that a socket of somebody else is not taken for the database', () => {
    const sources = [
      prisma('P2002'),
      server('23505'),
      reply('OOM x'),
      socket('ECONNREFUSED', 'connect'),
      error('x'),
    ];
    expect(sources.map((thrown) => classifyFault(thrown).source)).toEqual([
      'prisma', 'postgres', 'redis', 'network', 'unknown',
    ]); // prettier-ignore
  });
});

describe('a code of five characters', () => {
  it.each([
    ['an application', error('declined', { code: '40001' })],
    ['an application, as `originalCode`', error('declined', { originalCode: '40001' })],
    ['the cause of an error of an application', error('x', { cause: error('declined', { code: '40001' }) })],
  ])('is no SQLSTATE in an error of %s', (_, thrown) => {
    const fault = classifyFault(thrown);
    expect(fault).toMatchObject({ code: 'QUERY', source: 'unknown', retryable: false, outcome: 'unknown' });
    expect(fault).not.toHaveProperty('sqlState');
  });

  it.each([
    ['pg', server('40001')],
    ["Prisma's adapter", adapter({ code: '40001' })],
    ['Prisma', wrapped('P2010', { code: '40001' })],
  ])('is one in an error of %s', (_, thrown) => {
    expect(classifyFault(thrown)).toMatchObject({ code: 'SERIALIZATION_FAILURE', sqlState: '40001' });
  });
});

describe('translateError', () => {
  it('returns an error of the library itself, also out of the error that Prisma puts in its place', () => {
    const own = new ConnectionLostError('db:5432', 'ECONNRESET', { target });
    // Prisma's request handler: `new PrismaClientKnownRequestError(message, { code: error.code, meta: error.meta })`.
    const replaced = prisma(own.code, own.message, { modelName: 'User', ...own.meta });
    expect(translateError(own)).toBe(own);
    expect(translateError(replaced)).toBe(own);
    expect(translateError(error('outer', { cause: own }))).toBe(own);
    expect(classifyFault(replaced)).toMatchObject({ code: 'CONNECTION_LOST', source: 'library' });
  });

  it('carries target, operation, figures and the cleaned cause', () => {
    const thrown = server('53200', 'out of memory', {
      detail: 'Failed on request of size 8 in context "x".',
    });
    const translated = translateError(thrown, { target, operation: 'user.create', elapsedMs: 12 });
    expect(translated).toBeInstanceOf(ResourceError);
    expect(translated).toMatchObject({
      target,
      elapsedMs: 12,
      resource: 'memory',
      retryable: false,
      sqlState: '53200',
    });
    expect(translated.message).toContain('user.create');
    expect(translated.cause).toMatchObject({ code: '53200', severity: 'ERROR' });
    expect(translated.cause).not.toHaveProperty('detail');
    expect(translated.driverError()).toBe(thrown);
  });

  it('names the endpoint where the driver does', () => {
    expect(
      translateError(wrapped('P1001', { kind: 'DatabaseNotReachable', host: 'db', port: 5432 })),
    ).toMatchObject({
      endpoint: 'db:5432',
    });
  });

  it('tells data that the server cannot use from other rejections', () => {
    expect(translateError(server('22003', 'integer out of range'))).toBeInstanceOf(DataError);
    expect(translateError(server('42601', 'syntax error'))).not.toBeInstanceOf(DataError);
  });

  it('says nothing about the effect of an error that it does not know', () => {
    expect(translateError(error('boom'))).toMatchObject({
      code: 'QUERY',
      retryable: false,
      outcome: 'unknown',
    });
  });
});

import { readProperty, readText } from '../common/safe-read.js';
import {
  AuthenticationError,
  ConnectionLostError,
  PoolTimeoutError,
  ShuttingDownError,
  TlsError,
  UnavailableError,
  type ConnectionErrorOptions,
} from '../errors/connection.errors.js';
import {
  CheckViolationError,
  ForeignKeyViolationError,
  NotNullViolationError,
  UniqueViolationError,
  type ConstraintViolation,
} from '../errors/constraint.errors.js';
import type { DatabaseError } from '../errors/database.error.js';
import { CommitOutcomeUnknownError, OutcomeUnknownError } from '../errors/outcome.errors.js';
import { DeadlockError, LockTimeoutError, SerializationFailureError } from '../errors/concurrency.errors.js';
import {
  DataError,
  QueryTimeoutError,
  ReadOnlyError,
  RejectedQueryError,
  ResourceError,
  SchemaError,
  type QueryErrorOptions,
} from '../errors/query.errors.js';
import { RecordNotFoundError } from '../errors/record-not-found.error.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import { TransactionTimeoutError } from '../errors/transaction-timeout.error.js';
import { ValidationError } from '../errors/validation.error.js';
import { diagnose, type Diagnosis } from './diagnosis.js';
import type { Evidence } from './evidence.js';
import type { Fault, FaultContext } from './fault.js';
import { schemaProblem } from './schema-problem.js';
import { readViolation } from './violation.js';

/**
 * The error of the library's taxonomy for whatever a driver, Prisma or the network threw; one of the library's own,
 * even wrapped, is returned itself. Never throws, and what it returns never holds rows, parameters or secrets.
 *
 * An error that is not recognised becomes a `RejectedQueryError` that is not retryable and whose outcome is unknown.
 * Hand in what came out of the database: an error of your own code would be taken for such a one.
 *
 * @public
 */
export function translateError(error: unknown, context: FaultContext = {}): DatabaseError {
  return toDatabaseError(error, diagnose(error), context);
}

/**
 * What a failure means, without an error around it: for a decision about what to do next.
 *
 * @public
 */
export function classifyFault(error: unknown, context: FaultContext = {}): Fault {
  const diagnosis = diagnose(error);
  const { code, retryable, outcome } = toDatabaseError(error, diagnosis, context);
  const { sqlState, library } = diagnosis.evidence;
  const {
    fields = [],
    constraint,
    model,
    table,
  } = readViolation(library ? [library] : diagnosis.evidence.nodes);
  return {
    code,
    retryable,
    outcome,
    source: library === undefined ? diagnosis.source : 'library',
    reason: library === undefined ? diagnosis.verdict.reason : code,
    ...(sqlState !== undefined && { sqlState }),
    ...(fields.length > 0 && { fields }),
    ...(constraint !== undefined && { constraint }),
    ...(model !== undefined && { model }),
    ...(table !== undefined && { table }),
  };
}

function toDatabaseError(error: unknown, diagnosis: Diagnosis, context: FaultContext): DatabaseError {
  const { evidence } = diagnosis;
  if (evidence.library !== undefined) return evidence.library;
  const target = context.target ?? { kind: evidence.isRedis ? 'redis' : 'postgres', connection: 'default' };
  const elapsed = context.elapsedMs === undefined ? {} : { elapsedMs: context.elapsedMs };
  const sqlState = evidence.sqlState === undefined ? {} : { sqlState: evidence.sqlState };
  return build(diagnosis, context, { cause: error, target, ...elapsed, ...sqlState });
}

type Options = ConnectionErrorOptions & QueryErrorOptions;

function build(diagnosis: Diagnosis, context: FaultContext, options: Options): DatabaseError {
  const { verdict, evidence } = diagnosis;
  const { reason } = verdict;
  const { phase, access, elapsedMs } = context;
  const operation = context.operation ?? 'The operation';
  const endpoint = context.endpoint ?? endpointOf(evidence);
  const violation = () => withFields(readViolation(evidence.nodes), context);
  switch (verdict.kind) {
    case 'unavailable':
      return new UnavailableError(endpoint, reason, options);
    case 'lost':
    case 'lost-unsent':
    case 'outcome-unknown':
      return brokenConnection(verdict.kind, reason, context, endpoint, options);
    case 'pool-timeout':
      if (phase === 'connect') return new UnavailableError(endpoint, reason, options);
      return new PoolTimeoutError(elapsedMs, undefined, options);
    case 'shutting-down':
      return new ShuttingDownError(options);
    case 'auth':
      return new AuthenticationError(endpoint, options);
    case 'tls':
      return new TlsError(endpoint, reason, options);
    case 'silent':
      if (phase === 'connect') return new UnavailableError(endpoint, reason, options);
      if (phase === 'commit') return new CommitOutcomeUnknownError(reason, options);
      return new QueryTimeoutError(operation, elapsedMs, { ...options, ...effectOfSilence(context) });
    case 'cancelled': {
      // The server rolled the statement back, so only the time is lost; a write may take as long again.
      const retryable = access === 'read' && context.inTransaction !== true;
      return new QueryTimeoutError(operation, undefined, { ...options, outcome: 'not-applied', retryable });
    }
    case 'lock':
      return new LockTimeoutError(operation, options);
    case 'serialization':
      return new SerializationFailureError(operation, options);
    case 'deadlock':
      return new DeadlockError(operation, options);
    case 'read-only':
      return new ReadOnlyError(operation, options);
    case 'resource':
      return new ResourceError(operation, 'resource' in verdict ? verdict.resource : 'other', options);
    case 'schema': {
      const { problem, remedy } = schemaProblem(evidence);
      return new SchemaError(problem, remedy, options);
    }
    case 'unique':
      return new UniqueViolationError(operation, violation(), options);
    case 'foreign-key':
      return new ForeignKeyViolationError(operation, violation(), options);
    case 'not-null':
      return new NotNullViolationError(operation, violation(), options);
    case 'check':
      return new CheckViolationError(operation, violation(), options);
    case 'data':
      return new DataError(operation, reason, options);
    case 'begin-timeout':
      return new TransactionTimeoutError('begin', undefined, options);
    case 'work-timeout':
      return new TransactionTimeoutError('work', timeoutOf(evidence), options);
    case 'scope-closed':
      return new TransactionScopeClosedError(options);
    case 'not-found':
      return new RecordNotFoundError(violation().model ?? 'record', operation, undefined, options);
    case 'arguments':
      return new ValidationError(operation, 'was given arguments that Prisma refuses. See `cause`.', options);
    case 'rejected':
      return new RejectedQueryError(operation, reason, { ...options, outcome: outcomeOfRejection(evidence) });
  }
}

function withFields(violation: ConstraintViolation, { fieldsOf }: FaultContext): ConstraintViolation {
  const fields = fieldsOf?.(violation);
  return fields === undefined ? violation : { ...violation, fields };
}

/** What a broken connection means depends on how far the operation had come. */
function brokenConnection(
  kind: 'lost' | 'lost-unsent' | 'outcome-unknown',
  reason: string,
  { phase, access, inTransaction, operation }: FaultContext,
  endpoint: string | undefined,
  options: Options,
): DatabaseError {
  if (kind !== 'outcome-unknown') {
    if (phase === 'connect') return new UnavailableError(endpoint, reason, options);
    const cannotHaveApplied = phase === 'begin' || inTransaction === true || access === 'read';
    if (kind === 'lost-unsent' || (phase !== 'commit' && cannotHaveApplied)) {
      return new ConnectionLostError(endpoint, reason, options);
    }
  }
  if (phase === 'commit') return new CommitOutcomeUnknownError(reason, options);
  return new OutcomeUnknownError(operation ?? 'The operation', reason, options);
}

/** A deadline of the driver passed, and the server may still be at work. */
function effectOfSilence({ access, inTransaction }: FaultContext) {
  return access === 'read'
    ? ({ outcome: 'not-applied', retryable: inTransaction !== true } as const)
    : ({ outcome: 'unknown', retryable: false } as const);
}

/** An error reply says that nothing was done; of an error that nobody knows, nothing can be said. */
function outcomeOfRejection({ sqlState, reply, prismaCode }: Evidence): 'not-applied' | 'unknown' {
  const isReply = sqlState !== undefined || reply !== undefined || prismaCode === 'P2028';
  return isReply ? 'not-applied' : 'unknown';
}

/** Where the driver says so: the address of a socket, or the host and port of Prisma's adapter. */
function endpointOf({ nodes }: Evidence): string | undefined {
  for (const node of nodes) {
    const host = readText(node, 'address') ?? readText(node, 'hostname') ?? readText(node, 'host');
    const port = readProperty(node, 'port');
    if (host !== undefined) return typeof port === 'number' ? `${host}:${port}` : host;
  }
  return undefined;
}

function timeoutOf({ nodes }: Evidence): number | undefined {
  for (const node of nodes) {
    const timeout = readProperty(readProperty(node, 'meta'), 'timeout');
    if (typeof timeout === 'number') return timeout;
  }
  return undefined;
}

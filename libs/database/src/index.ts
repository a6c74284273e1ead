// Module
export { DatabaseModule } from './database.module.js';
export type { DatabaseModuleExtras } from './database.module-definition.js';
export type { DatabaseModuleOptions } from './database.options.js';
export type { ClientOptions } from './client/client.options.js';
export type { PasswordProvider } from './config/password.js';
export { LOGGING_MODES, type LoggingMode, type LoggingOptions } from './logging/logging.options.js';
export type { PaginationOptions } from './query/pagination.options.js';
export type { PoolOptions } from './postgres/pool.options.js';
export type { TimeoutOptions } from './postgres/timeout.options.js';
export type { TlsOptions } from './postgres/tls.options.js';
export type { ShutdownOptions } from './shutdown.options.js';
export { STARTUP_MODES, type StartupMode, type StartupOptions } from './startup.options.js';
export type { RedisOptions } from './redis/redis.options.js';
export type { MigrationOptions } from './migration/migration.options.js';

// Without an application
export { openDatabase, type OpenDatabase, type OpenDatabaseOptions } from './open-database.js';

// Several connections
export {
  getDatabaseStateToken,
  getDatabaseToken,
  getOutboxAdminToken,
  getOutboxToken,
  getPrismaToken,
  getRedisToken,
  getRepositoryToken,
  getSagaServiceToken,
  getTransactionManagerToken,
  InjectDatabase,
  InjectDatabaseState,
  InjectOutbox,
  InjectOutboxAdmin,
  InjectPrisma,
  InjectRedis,
  InjectRepository,
  InjectSagaService,
  InjectTransactionManager,
  type ServiceToken,
} from './database.tokens.js';

// Client
export type {
  AnyTables,
  ClientLike,
  ClientOf,
  ClientTransactionOptions,
  ConnectionName,
  DatabaseRegister,
  PrismaClientClass,
  RegisteredClient,
  RegisteredConnections,
  RegisteredTables,
  TransactionClient,
  TransactionClientLike,
} from './client/database-register.js';
export { PrismaService, type PrismaServiceOf } from './client/prisma.service.js';
export type {
  ArgsOf,
  DelegateOf,
  Exact,
  GlobalOmitOf,
  IdOf,
  IncludeOf,
  ModelOf,
  OmitOf,
  Operation,
  PlainArgs,
  ResultOf,
  ColumnsOf,
  SelectOf,
  ShapedResult,
  ShapeOf,
  UniqueKeyOf,
  UniqueKeyValue,
} from './client/model-types.js';

// SQL
export { Database } from './query/database.js';
export { TypedDatabase } from './query/typed-database.js';
export type {
  CompiledSql,
  Conditions,
  FilteredWriteQuery,
  QueryBuilder,
  ReturningQuery,
  SelectQuery,
  SqlFunctions,
  TableQuery,
  WriteQuery,
} from './query/builder/query-builder.js';
export { SqlExpression } from './query/builder/expressions.js';
export { OPERATORS, type Operator } from './query/builder/operands.js';
export type {
  ColumnOf,
  ColumnValue,
  Comparable,
  ComputedColumns,
  InsertRow,
  NullableScope,
  Operand,
  OrPiece,
  Picked,
  ResultRow,
  ScopeOf,
  SelectedColumns,
  SelectedName,
  Selection,
  SelectRow,
  SqlPiece,
  TableIn,
  TableSource,
  UpdateRow,
} from './query/builder/query-types.js';
export type { StreamOptions } from './query/row-stream.js';
export { Sql } from './query/sql.js';
export { SqlIdentifier } from './query/sql-identifier.js';
export type { PgClient, PgResult, PgStatement } from './query/pg-client.port.js';
export type { Row } from './query/sql-executor.port.js';

// Repositories
export type { CountedPage, Page, PageEdge, PageInfo } from './repository/keyset/page.js';
export type { CountedOffsetPage, OffsetPage } from './repository/keyset/offset-page.js';
export type {
  OffsetPageArgs,
  OffsetPageOf,
  PageArgs,
  PageDirection,
  PageOf,
  PageOrderOf,
  PageQueryOf,
  PageSize,
} from './repository/keyset/page-types.js';
export { RepositoryFor, type RepositoryForOptions } from './repository/repository-for.js';
export type {
  LoadAllArgs,
  RegisteredModel,
  Repository,
  RepositoryClass,
  SoftDeletion,
} from './repository/repository.js';

export type {
  BulkTarget,
  CreateArgs,
  CreateData,
  CreateManyArgs,
  DeleteArgs,
  DeleteManyArgs,
  UpdateArgs,
  UpdateData,
  UpdateManyArgs,
  UpsertArgs,
} from './repository/repository-arguments.js';
export type {
  NoTraits,
  RepositoryTraits,
  SoftDeleteOption,
  TimestampsOption,
  TraitsOf,
  VersionOption,
} from './repository/repository-traits.js';
export type {
  BulkInsertOptions,
  BulkInsertResult,
  BulkOptions,
  BulkRow,
  BulkUpsertOptions,
  BulkUpsertResult,
  ConflictKeyOf,
} from './repository/bulk/bulk.options.js';

// Input of users
export {
  defineData,
  type DataDefinition,
  type DataRules,
  type GuardedData,
  type GuardedValue,
  type WritableField,
} from './repository/user-input/data-rules.js';
export { guardData } from './repository/user-input/guard-data.js';
export { eq, type ScalarValue } from './repository/user-input/eq.js';
export { defineQuery } from './repository/user-input/define-query.js';
export { parseQuery, type ParsedQuery } from './repository/user-input/parse-query.js';
export {
  QUERY_OPERATORS,
  type OperatorOf,
  type QueryDefinition,
  type QueryFieldDefinition,
  type QueryModelOf,
  type QueryOperator,
  type QueryPayloadOf,
  type QueryRules,
  type QueryRulesOf,
  type SortableField,
} from './repository/user-input/query-rules.js';
export type { FieldAt, KindOf, PayloadOf, ScalarsOf } from './client/field-types.js';
export { escapeLike } from './query/like-pattern.js';

// Transactions
export { TransactionManager } from './transaction/transaction-manager.js';
export { Transactional, type TransactionalOptions } from './transaction/transactional.decorator.js';
export { PROPAGATIONS, type Propagation } from './transaction/propagation.js';
export {
  ISOLATION_LEVELS,
  type CommitStatus,
  type CommitVerifier,
  type IsolationLevel,
  type TransactionOptions,
} from './transaction/transaction.options.js';
export type { RetryBudgetOptions, TransactionDefaults } from './transaction/transaction-defaults.options.js';
export type { TransactionRetryOptions } from './transaction/transaction-retry.options.js';
export type { AfterCommit, AfterRollback } from './transaction/transaction-hooks.js';
export {
  TRANSACTION_CHANNELS,
  type TransactionCommittingEvent,
  type TransactionEndEvent,
  type TransactionHooksFailedEvent,
  type TransactionLongEvent,
  type TransactionRetryEvent,
  type TransactionRetryRefusedEvent,
} from './transaction/transaction.events.js';
export {
  TransactionControlError,
  TransactionDepthError,
  TransactionForbiddenError,
  TransactionOptionsConflictError,
  TransactionRequiredError,
  TransactionStarvationError,
  UnexpectedRollbackError,
  type StarvedTransaction,
} from './transaction/transaction.errors.js';

// Life cycle
export {
  DatabaseState,
  type DatabaseStateSnapshot,
  type DatabaseStatus,
} from './lifecycle/database-state.js';
export { DATABASE_STATE_CHANNEL, type DatabaseStateEvent } from './lifecycle/lifecycle.events.js';

// Redis
export { RedisService, type RedisSetOptions } from './redis/redis.service.js';

// Migrations
export {
  MigrationFailedError,
  MigrationInterruptedError,
  MigrationLockTimeoutError,
  MigrationSetupError,
  type MigrationFailure,
  type MigrationLockHolder,
  type MigrationSetupProblem,
} from './migration/migration.errors.js';

// Outbox
export { Outbox } from './outbox/outbox.js';
export {
  OutboxAdmin,
  type DeadLetter,
  type ListDeadOptions,
  type OutboxStatus,
  type OutboxTopicStatus,
} from './outbox/outbox-admin.js';
export type { NewOutboxMessage } from './outbox/new-outbox-message.js';
export type { OutboxOptions } from './outbox/outbox.options.js';
export { OutboxHandler, type OutboxHandlerOptions } from './outbox/outbox-handler.decorator.js';
export {
  OutboxSinkSource,
  type OutboxDeliver,
  type OutboxDeliveryContext,
  type OutboxMessage,
  type OutboxSink,
} from './outbox/outbox-sink.port.js';
export { redisStreamSink, type RedisStreamSinkOptions } from './outbox/redis-stream.sink.js';
export { OutboxTimeoutError } from './outbox/outbox.errors.js';
export {
  OUTBOX_CHANNELS,
  type OutboxDeletionEvent,
  type OutboxFailureEvent,
  type OutboxMessageEvent,
  type OutboxSlotsEvent,
  type OutboxUnhandledEvent,
} from './outbox/outbox.events.js';

// The library's own tables
export { LibrarySchemaError, type LibrarySchemaProblem } from './library-schema/library-schema.errors.js';
export { librarySchemaSql, type LibrarySchemaSqlOptions } from './library-schema-sql.js';

// Requests
export { RequestContext, type RequestSnapshot } from './request-context/request-context.js';
export { RequestContextMiddleware } from './request-context/request-context.middleware.js';
export { RequestContextModule } from './request-context/request-context.module.js';
export { AvailabilityMiddleware } from './availability/availability.middleware.js';
export { DatabaseUnavailableException } from './availability/database-unavailable.exception.js';
export {
  RequiresDatabase,
  type RequiresDatabaseOptions,
} from './availability/requires-database.decorator.js';

// Answers
export { DatabaseExceptionFilter } from './http/database-exception.filter.js';
export { DatabaseFault } from './http/database-fault.js';
export { describeDatabaseError, type DatabaseAnswer, type FieldProblem } from './http/database-answer.js';
export { DatabaseJsonInterceptor } from './http/database-json.interceptor.js';
export { toJson, type JsonValue } from './http/to-json.js';

// Health
export type { HealthReport } from './common/health-report.js';

// Errors
export { InvalidOptionsError, NotConfiguredError } from './config/config.errors.js';
export type { OptionViolation } from './config/option-violation.js';
export {
  AuthenticationError,
  ConnectionError,
  ConnectionLostError,
  PoolTimeoutError,
  ShuttingDownError,
  TlsError,
  UnavailableError,
  type ConnectionErrorOptions,
  type PoolUsage,
} from './errors/connection.errors.js';
export {
  DatabaseError,
  type DatabaseErrorOptions,
  type ErrorOutcome,
  type ErrorTarget,
} from './errors/database.error.js';
export { ERROR_CODES, type ErrorCode } from './errors/error-codes.js';
export {
  CheckViolationError,
  ConstraintViolationError,
  ForeignKeyViolationError,
  NotNullViolationError,
  UniqueViolationError,
  type ConstraintViolation,
} from './errors/constraint.errors.js';
export { CommitOutcomeUnknownError, OutcomeUnknownError } from './errors/outcome.errors.js';
export { DeadlockError, LockTimeoutError, SerializationFailureError } from './errors/concurrency.errors.js';
export {
  DataError,
  QueryError,
  QueryTimeoutError,
  ReadOnlyError,
  RejectedQueryError,
  ResourceError,
  SchemaError,
  type ExhaustedResource,
  type QueryErrorOptions,
  type QueryTimeoutErrorOptions,
  type RejectedQueryErrorOptions,
} from './errors/query.errors.js';
export { OverloadedError } from './errors/overloaded.error.js';
export { QueryCancelledError } from './errors/query-cancelled.error.js';
export { RecordNotFoundError } from './errors/record-not-found.error.js';
export { StaleVersionError } from './errors/stale-version.error.js';
export { TransactionScopeClosedError } from './errors/transaction-scope-closed.error.js';
export { TransactionTimeoutError, type TransactionTimeoutPhase } from './errors/transaction-timeout.error.js';
export { InvalidCursorError } from './errors/invalid-cursor.error.js';
export { ValidationError, type ValidationProblem } from './errors/validation.error.js';
export { NotSerializableError } from './http/json.errors.js';

// Faults
export type { Fault, FaultContext } from './fault/fault.js';
export type { FaultSource } from './fault/evidence.js';
export { classifyFault, translateError } from './fault/translate-error.js';

// Resilience
export {
  batchExecute,
  type BatchOptions,
  type BatchOutcome,
  type BatchProgress,
  type BatchResult,
} from './resilience/batch-execute.js';
export { cancelOnAbort } from './resilience/cancel-on-abort.js';
export { executeWithRetry } from './resilience/execute-with-retry.js';
export type { RetryEvent, RetryOptions } from './resilience/retry.options.js';

// Sagas
export { ephemeral } from './saga/ephemeral-saga.engine.js';
export { executeSaga, type PlainStep } from './saga/execute-saga.js';
export { postgresSagaEngine } from './saga/postgres-saga.engine.factory.js';
export type { PostgresSagaOptions } from './saga/postgres-saga.options.js';
export { saga } from './saga/saga-builder.js';
export type {
  RegisteredSaga,
  RetryDeadOptions,
  SagaAuditEntry,
  SagaCapabilities,
  SagaContextCarrier,
  SagaEngine,
  SagaEngineFactory,
  SagaEventTarget,
  SagaFilter,
  SagaHost,
  SagaRequest,
  SagaSnapshot,
  SagaStepSnapshot,
} from './saga/saga-engine.port.js';
export type { SagaEvent, SagaEventName } from './saga/saga-event.js';
export type { SagaPlan } from './saga/saga-plan.js';
export { SAGA_STATES, type SagaState } from './saga/saga-state.js';
export type {
  CallContext,
  CallStep,
  SagaContext,
  StepOptions,
  StepPolicy,
  TxStep,
  UndoCallContext,
  UndoContext,
} from './saga/saga-step.js';
export {
  Saga,
  type SagaClass,
  type SagaDecoratorOptions,
  type SagaDefinition,
} from './saga/saga.decorator.js';
export {
  PermanentError,
  RolledBackStepError,
  SagaDefinitionChangedError,
  SagaFailedError,
  SagaInTransactionError,
  SagaKeyConflictError,
  SagaNotFoundError,
  SagaRecoveryLimitError,
  SagaStateError,
  SagaStoppedError,
  StepOutputError,
  StepTimeoutError,
  type FailedUndo,
  type SagaFailedErrorOptions,
} from './saga/saga.errors.js';
export {
  SAGA_CHANNELS,
  type SagaOrphanedEvent,
  type SagaPoint,
  type SagaProgressEvent,
} from './saga/saga.events.js';
export type { SagaEventsOptions, SagaOptions } from './saga/saga.options.js';
export { SagaService, type SagaName, type SagaStart } from './saga/saga.service.js';

// Named by public signatures, of no use by themselves
export type { GroupOptions, SagaBuilder, SagaEnd, SagaGroup } from './saga/saga-builder.js';
export type { Handler, PlannedStage, PlannedStep, ResolvedPolicy } from './saga/saga-plan.js';
export type { Direction } from './saga/saga-journal.port.js';
export type { DatabaseAvailability } from './availability/database-availability.js';
export type { Injected } from './client/connection-tokens.js';
export type {
  GivenShape,
  KeyOfAny,
  KnownKeys,
  ModelTypesOf,
  NotBeside,
  Nothing,
  TypeMapCallback,
  UniqueArgs,
  PrismaModelTypes,
  UniqueWhere,
  ValueOfAny,
} from './client/model-types.js';
export type {
  ExpectedVersion,
  Filled,
  FilledMany,
  WithoutVersion,
} from './repository/repository-arguments.js';
export type { Choice, DateField, FieldOf, FieldsOf, FilledBy } from './repository/repository-traits.js';
export type {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
} from './database.module-definition.js';
export type { Secret } from './config/secret.js';
export type { ResolvedRedisOptions } from './redis/redis.options.js';

/**
 * Where an application tells the library the types of its clients, once, by declaration merging:
 *
 * ```ts
 * declare module 'nestjs-database' {
 *   interface DatabaseRegister {
 *     client: PrismaClient;
 *     connections: { billing: BillingClient };
 *     tables: DB; // for the query builder: rows by table, as prisma-kysely generates them
 *   }
 * }
 * ```
 *
 * For a client that the option `extend` extends, register the extended type: `ReturnType<typeof extend>`.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by the application
export interface DatabaseRegister {}

/**
 * The application's client; loose while nothing is registered.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- an application without registration stays usable
export type RegisteredClient = DatabaseRegister extends { client: infer Client } ? Client : any;

/**
 * The clients of the named connections, by name; loose while none is registered.
 *
 * @public
 */
export type RegisteredConnections = DatabaseRegister extends { connections: infer Connections }
  ? Connections
  : // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
    Record<string, any>;

/**
 * Any table with any columns: what the query builder knows while no tables are registered.
 *
 * @public
 */
export type AnyTables = Record<string, Record<string, unknown>>;

/**
 * The rows of the application's tables, by table: `tables` of {@link DatabaseRegister}, loose while none are registered.
 *
 * They are those of the default connection; for another one name them where it is injected: `Database<BillingTables>`.
 *
 * @public
 */
export type RegisteredTables = DatabaseRegister extends { tables: infer Tables } ? Tables : AnyTables;

/**
 * Name of a connection of the application: `default`, or one of {@link RegisteredConnections}.
 *
 * @public
 */
export type ConnectionName = DatabaseRegister extends { connections: infer Connections }
  ? 'default' | (keyof Connections & string)
  : string;

/**
 * The client of a connection.
 *
 * @public
 */
export type ClientOf<Name extends string> = Name extends 'default'
  ? RegisteredClient
  : Name extends keyof RegisteredConnections
    ? RegisteredConnections[Name]
    : never;

/**
 * What the library itself needs from a generated client.
 *
 * @public
 */
export interface ClientLike {
  /** Opens the client; over a pool of the library it opens no connection by itself. */
  $connect(): PromiseLike<void>;
  /** Closes the client; the pool below it stays open until the library closes it. */
  $disconnect(): PromiseLike<void>;
  /** Prisma's interactive transaction: `work` on one connection, committed when it resolves. */
  $transaction<Result>(
    work: (client: TransactionClientLike) => Promise<Result>,
    options?: ClientTransactionOptions,
  ): Promise<Result>;
  /** Sends the text as it is, with the values as parameters, and returns the rows. */
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/**
 * What the registered client can do inside of a transaction.
 *
 * @public
 */
export type TransactionClient = Omit<RegisteredClient, '$connect' | '$disconnect' | '$on' | '$extends'>;

/**
 * A client that is bound to one open transaction.
 *
 * @public
 */
export interface TransactionClientLike {
  /** A nested call: joins the open transaction. */
  $transaction<Result>(work: (client: TransactionClientLike) => Promise<Result>): Promise<Result>;
  /** Sends the text on the transaction's connection. */
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/**
 * The options of Prisma's interactive transactions.
 *
 * @public
 */
export interface ClientTransactionOptions {
  /** One of Prisma's isolation level names; the server's default if not given. */
  isolationLevel?: string;
  /** How long the transaction may run, in milliseconds. */
  timeout?: number;
  /** How long it may wait for a connection, in milliseconds. */
  maxWait?: number;
}

/**
 * The generated client class; the library constructs it over its own pool.
 *
 * @public
 */
export type PrismaClientClass = new (options: never) => ClientLike;

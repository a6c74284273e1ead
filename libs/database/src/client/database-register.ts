/**
 * Where an application tells the library the type of its client, once, by declaration merging:
 *
 * ```ts
 * declare module 'nestjs-database' {
 *   interface DatabaseRegister { client: PrismaClient }
 * }
 * ```
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
 * What the library itself needs from a generated client.
 *
 * @public
 */
export interface ClientLike {
  $connect(): PromiseLike<void>;
  $disconnect(): PromiseLike<void>;
  $transaction<Result>(
    work: (client: TransactionClientLike) => Promise<Result>,
    options?: ClientTransactionOptions,
  ): Promise<Result>;
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/**
 * A client that is bound to one open transaction.
 *
 * @public
 */
export interface TransactionClientLike {
  $transaction<Result>(work: (client: TransactionClientLike) => Promise<Result>): Promise<Result>;
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/**
 * The options of Prisma's interactive transactions.
 *
 * @public
 */
export interface ClientTransactionOptions {
  isolationLevel?: string;
  timeout?: number;
  maxWait?: number;
}

/**
 * The generated client class; the library constructs it over its own pool.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the constructor's options are generated per schema
export type PrismaClientClass = new (options: any) => ClientLike;

import type { HealthReport } from '../common/health-report.js';
import type { ClientOf, RegisteredClient } from './database-register.js';

/**
 * The application's Prisma client as an injectable: every model and `$` method of the registered client, typed.
 *
 * Inside `TransactionManager.run` all of them use the transaction's connection by themselves. The members declared
 * here win over a model of the same name; such a model is reached through {@link PrismaService.client}.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type -- the class is the injection token, the interface its type
export interface PrismaService extends RegisteredClient {}

/**
 * The token to inject; its members are described at the interface of the same name.
 *
 * @public
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see the interface
export abstract class PrismaService {
  /** The same client without the members of this class; it joins the ambient transaction as well. */
  abstract readonly client: RegisteredClient;

  /** {@link PrismaService.client} as a method. */
  abstract getClient(): RegisteredClient;

  /**
   * Makes sure that the database answers, with a real query: what a start in the modes `lazy` and `degraded` has left
   * open. One attempt; nothing is done where the connection is in use already.
   *
   * @throws {@link UnavailableError} and the other {@link ConnectionError}s that say why it does not
   * @throws {@link ShuttingDownError} after the connection was closed
   */
  abstract connect(): Promise<void>;

  /**
   * Closes this connection as the end of the application does: busy work is waited for within `shutdown.timeoutMs`,
   * then cut. For good: later queries are refused and do not connect again.
   */
  abstract disconnect(): Promise<void>;

  /** Whether the pool is open; says nothing about the server, for that see {@link PrismaService.checkHealth}. */
  abstract isConnected(): boolean;

  /**
   * Asks the server with a real query over a connection of its own, bounded to 750 ms, and never rejects.
   *
   * Calls that arrive while a check runs share its result, and so do those of the next half second, so that checks
   * cannot pile up, neither in the pool nor at the server.
   */
  abstract checkHealth(): Promise<HealthReport>;

  /**
   * Runs `operation`, and again after failures that certainly changed nothing: {@link executeWithRetry} with its
   * default pauses. Inside a transaction it is tried once.
   *
   * @param attempts - how often it is tried at most, 3 unless given
   * @throws {@link ShuttingDownError} as soon as the connection begins to close
   */
  abstract withRetry<Result>(operation: () => Promise<Result>, attempts?: number): Promise<Result>;
}

/** The members above, which a model of the same name would hide behind. */
export const OWN_MEMBERS = [
  'client',
  'getClient',
  'connect',
  'disconnect',
  'withRetry',
  'isConnected',
  'checkHealth',
] as const;

/**
 * `PrismaService` as a named connection has it: the client that is registered under the name.
 *
 * @public
 */
export type PrismaServiceOf<Name extends string> = Name extends 'default'
  ? PrismaService
  : ClientOf<Name> &
      Pick<PrismaService, 'connect' | 'disconnect' | 'withRetry' | 'isConnected' | 'checkHealth'> & {
        readonly client: ClientOf<Name>;
        getClient(): ClientOf<Name>;
      };

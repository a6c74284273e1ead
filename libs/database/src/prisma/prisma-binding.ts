import type { ClientLike, TransactionClientLike } from '../client/database-register.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type { TransactionClientSource } from '../transaction/transaction-runner.port.js';

/** The session keeps both limits, and cancels what runs; Prisma's would only roll back behind it. */
const PRISMA_LIMIT_MS = 2 ** 31 - 1;

/**
 * Prisma's side of a transaction, which begins when somebody asks for its client: a transaction that speaks SQL alone does
 * not pay for it. It ends with the session, whatever that has done: Prisma's COMMIT is answered without a statement.
 */
export class PrismaBinding implements TransactionClientSource {
  started: TransactionClientLike | undefined;
  private starting: Promise<TransactionClientLike> | undefined;
  private finished: Promise<void> | undefined;
  private finish: (() => void) | undefined;
  private ended = false;

  /** @param inSession - runs work for which the session is the connection that Prisma borrows */
  constructor(
    private readonly client: ClientLike,
    private readonly inSession: <Result>(work: () => Promise<Result>) => Promise<Result>,
  ) {}

  start(): Promise<TransactionClientLike> {
    // Nobody would end it.
    if (this.ended) return Promise.reject(new TransactionScopeClosedError());
    this.starting ??= new Promise((resolve, reject) => {
      const whole = this.inSession(() =>
        this.client.$transaction(
          (client) => {
            this.started = client;
            resolve(client);
            return new Promise<void>((finish) => (this.finish = finish));
          },
          // A fresh object for each call: Prisma 7.10.0 writes into it.
          { timeout: PRISMA_LIMIT_MS, maxWait: PRISMA_LIMIT_MS },
        ),
      );
      this.finished = whole.catch(reject);
    });
    return this.starting;
  }

  /** @returns undefined where nothing was begun */
  end(): Promise<void> | undefined {
    this.ended = true;
    return this.starting === undefined ? undefined : this.endBegun(this.starting);
  }

  private async endBegun(starting: Promise<unknown>): Promise<void> {
    await starting.catch(() => undefined);
    this.finish?.();
    await this.finished;
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type pg from 'pg';

/** A connection in the hands of Prisma, for as long as it is: given back, it belongs to somebody else. */
export class BorrowedConnection {
  private lent: pg.PoolClient | undefined;
  private begun = false;

  /** The connection, while it is borrowed. */
  get client(): pg.PoolClient | undefined {
    return this.lent;
  }

  /** @returns false when it has one already */
  begin(client: pg.PoolClient): boolean {
    if (this.begun) return false;
    this.begun = true;
    this.lent = client;
    return true;
  }

  end(): void {
    this.lent = undefined;
  }
}

/** Tells work which connection was borrowed on its behalf. */
export class BorrowObserver {
  /** What the caller's {@link BorrowObserver.observe} waits for. */
  private readonly observed = new AsyncLocalStorage<BorrowedConnection>();
  private readonly borrowed = new WeakMap<object, BorrowedConnection>();

  observe<Result>(work: (connection: BorrowedConnection) => Promise<Result>): Promise<Result> {
    const connection = new BorrowedConnection();
    return this.observed.run(connection, () => work(connection));
  }

  /** To be called in the asynchronous context of the borrower. */
  begun(client: pg.PoolClient): pg.PoolClient {
    const connection = this.observed.getStore();
    if (connection?.begin(client) === true) this.borrowed.set(client, connection);
    return client;
  }

  ended(client: object): void {
    this.borrowed.get(client)?.end();
    this.borrowed.delete(client);
  }
}

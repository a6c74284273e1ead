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

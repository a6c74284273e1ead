import type pg from 'pg';
import { OwnContext } from '../common/own-context.js';
import type { TransactionConnection } from './transaction-connection.js';

const ANSWER = { rows: [], rowCount: null, oid: 0, fields: [] };

/**
 * What Prisma gets for a connection of a transaction. Prisma's own BEGIN, COMMIT and ROLLBACK are answered here, as the
 * transaction begins with its first statement, and has ended before Prisma is told.
 *
 * Only what `@prisma/adapter-pg` calls; pinned by `transaction-wire.int-spec.ts`.
 */
export class PrismaSession {
  private begun = false;

  private readonly context = new OwnContext();

  /** @param isOwn - whether the running code belongs to the transaction */
  constructor(
    private readonly transaction: TransactionConnection,
    private readonly isOwn: () => boolean,
  ) {}

  query(config: pg.QueryConfig): Promise<pg.QueryArrayResult> {
    const { text } = config;
    if (!this.begun && text === 'BEGIN') {
      this.begun = true;
      return Promise.resolve({ ...ANSWER, command: 'BEGIN' });
    }
    if (this.transaction.ended && (text === 'COMMIT' || text === 'ROLLBACK'))
      return Promise.resolve({ ...ANSWER, command: text });
    const send = () => this.transaction.query(config);
    // Prisma sends what transactions ask for in one turn from the context of the first one: with its signal, and in its name.
    return this.isOwn() ? send() : this.context.run(send);
  }

  /** Errors of a borrowed connection reach its statements. */
  on(): this {
    return this;
  }

  removeListener(): this {
    return this;
  }

  /** The transaction gives its connection back itself. */
  release(): void {
    // Nothing is held.
  }
}

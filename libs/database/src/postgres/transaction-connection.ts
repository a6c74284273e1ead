import type pg from 'pg';
import { Mutex } from '../common/mutex.js';
import { CommitOutcomeUnknownError } from '../errors/outcome.errors.js';
import { TransactionScopeClosedError } from '../errors/transaction-scope-closed.error.js';
import type {
  TailStatement,
  TransactionSavepoint,
  TransactionSession,
  TransactionSessionOptions,
} from '../transaction/transaction-session.port.js';
import { TransactionControlError, UnexpectedRollbackError } from '../transaction/transaction.errors.js';
import { beginStatements } from './begin-statements.js';
import type { DatabaseClient } from './database-client.js';
import type { LeadingStatement } from './leading-statement.js';
import { transactionControl, statementKind } from './statement-kind.js';
import type { StatementPlace } from './tracked-query.js';

/** Where a transaction gets its connection from. */
export interface TransactionConnectionSource {
  /** How long the server may take to answer a request to cancel, in milliseconds. */
  readonly graceMs: number;
  /** @param waiting - gets the way to end the wait */
  lend(waiting: (giveUp: (reason: Error) => void) => void): Promise<DatabaseClient>;
  /** Told as soon as it holds a connection. */
  begun(): void;
}

type State = 'open' | 'ended';

const NOTHING: readonly TailStatement[] = [];
const INSIDE: StatementPlace = { transactionOnly: true, leading: [] };

/**
 * One transaction on one connection, which it borrows for its first statement and gives back when it ends.
 *
 * Statements go to the server one after the other, in the order in which they were asked for: pg is about to drop its own
 * queue, and what was asked for before COMMIT has to be there before it.
 */
export class TransactionConnection implements TransactionSession {
  statements = 0;
  failure: unknown;
  hasFailed = false;
  wasForgotten = false;
  transactionId: string | undefined;
  readonly begunAt = performance.now();
  private client: DatabaseClient | undefined;
  private state: State = 'open';
  private aborted: Error | undefined;
  /** Ends the wait for a connection, while there is one. */
  private giveUp: ((reason: Error) => void) | undefined;
  private heldSince: number | undefined;
  private cancelling: Promise<unknown> | undefined;
  private savepoints = 0;
  /** While the last statements and COMMIT are under way: what they wait for can still be given up. */
  private commits = false;
  private readonly turns = new Mutex();
  /** What goes to the server in front of the next statement. */
  private readonly leading: LeadingStatement[];
  private readonly begin: LeadingStatement | undefined;

  /**
   * @param outer - the transaction that waits while this one runs, whose connection is held meanwhile
   */
  constructor(
    private readonly source: TransactionConnectionSource,
    readonly options: TransactionSessionOptions,
    readonly outer: TransactionConnection | undefined,
  ) {
    this.leading = beginStatements(options, (id) => (this.transactionId = id ?? undefined));
    [this.begin] = this.leading;
  }

  get begun(): boolean {
    return this.client !== undefined;
  }

  get heldMs(): number {
    return this.heldSince === undefined ? 0 : performance.now() - this.heldSince;
  }

  get ended(): boolean {
    return this.state === 'ended';
  }

  /** How long it has been running, in milliseconds. */
  get ageMs(): number {
    return Math.round(performance.now() - this.begunAt);
  }

  /**
   * Sends a statement; it belongs to the transaction, or is refused.
   *
   * @throws {TransactionScopeClosedError} when the transaction has ended
   * @throws {TransactionControlError} for a statement that would end it
   */
  async query(config: pg.QueryConfig): Promise<pg.QueryArrayResult> {
    const turn = this.turns.enter();
    if (turn !== undefined) await turn;
    try {
      if (this.state === 'ended') throw this.aborted ?? new TransactionScopeClosedError();
      const command = transactionControl(config.text);
      if (command !== undefined) throw new TransactionControlError(command);
      this.statements += 1;
      return await this.send(config);
    } finally {
      this.turns.leave();
    }
  }

  commit(tail: readonly TailStatement[]): Promise<void> {
    return this.turns.run(async () => {
      if (this.state === 'ended') throw this.aborted ?? new TransactionScopeClosedError();
      if (this.client === undefined && tail.length === 0) {
        this.state = 'ended';
        return;
      }
      if (this.client?.getTransactionStatus() === 'E') {
        await this.end('ROLLBACK').catch(() => undefined);
        throw new UnexpectedRollbackError({ cause: this.failure });
      }
      if (tail.length === 0) await this.end('COMMIT');
      else await this.commitWith(tail);
    });
  }

  /** In one write; where a statement of `tail` fails, the server passes over COMMIT, and nothing is left. */
  private async commitWith(tail: readonly TailStatement[]): Promise<void> {
    // What it is found by has to be known before COMMIT is in doubt.
    if (this.client === undefined && this.options.findBy !== undefined) await this.send({ text: 'SELECT' });
    if (this.client === undefined) await this.lend();
    this.throwIfAborted();
    this.commits = true;
    try {
      await this.end('COMMIT', tail);
    } catch (error) {
      throw error instanceof CommitOutcomeUnknownError ? error : (this.aborted ?? error);
    }
  }

  rollback(): Promise<void> {
    return this.turns.run(async () => {
      if (this.state === 'ended') return;
      // A connection that does not even roll back is not taken back by the pool.
      await this.end('ROLLBACK').catch(() => undefined);
    });
  }

  async savepoint(): Promise<TransactionSavepoint> {
    this.savepoints += 1;
    const name = `nestjs_database_${this.savepoints}`;
    const begin: LeadingStatement = { text: `SAVEPOINT ${name}` };
    const failureBefore = this.failure;
    // In its turn: statements that were asked for before are no part of it.
    await this.turns.run(() => {
      this.leading.push(begin);
      return Promise.resolve();
    });
    const withdraw = (): boolean => {
      const index = this.leading.indexOf(begin);
      if (index >= 0) this.leading.splice(index, 1);
      return index >= 0;
    };
    const release: LeadingStatement = { text: `RELEASE SAVEPOINT ${name}` };
    let isOver = false;
    const takeBack = async (): Promise<void> => {
      if (isOver || this.state === 'ended' || withdraw()) return;
      isOver = true;
      this.leading.push({ text: `ROLLBACK TO SAVEPOINT ${name}` });
      // Sent at once: what it has locked is not to be held any longer.
      await this.send({ text: release.text });
      this.failure = failureBefore;
    };
    return {
      release: () =>
        this.turns.run(async () => {
          if (this.client?.getTransactionStatus() === 'E') {
            const cause = this.failure;
            await takeBack();
            throw new UnexpectedRollbackError({ cause });
          }
          if (!withdraw()) this.leading.push(release);
        }),
      rollback: () => this.turns.run(takeBack),
    };
  }

  abort(reason: Error): void {
    if ((this.state === 'ended' && !this.commits) || this.aborted !== undefined) return;
    this.aborted = reason;
    this.giveUp?.(reason);
    const { client } = this;
    if (client?.waiting !== true) return;
    // Of a COMMIT that is cut off nobody would know what became of it; who waits for it has the limits of the session.
    const timer = this.commits ? undefined : setTimeout(() => void client.destroy(), this.source.graceMs);
    this.cancelling = client.cancelStatement();
    // Its turn comes when the statement that runs has settled.
    void this.turns.run(() => {
      clearTimeout(timer);
      return Promise.resolve();
    });
  }

  private async send(config: pg.QueryConfig): Promise<pg.QueryArrayResult> {
    if (this.aborted !== undefined) throw this.aborted;
    const client = this.client ?? (await this.lend());
    this.throwIfAborted();
    try {
      // Several statements in one text cannot share a round trip with those in front of them.
      if (this.leading.length > 0 && config.text.includes(';') && statementKind(config.text) === 'unclear')
        await client.queryAt(this.nextPlace(), { text: 'SELECT' });
      return await client.queryAt(this.nextPlace(), config);
    } catch (error) {
      if (client.getTransactionStatus() !== 'T') {
        this.failure ??= error;
        this.hasFailed = true;
      }
      throw this.aborted ?? error;
    }
  }

  /** A part of a transaction is nothing without it: after a ROLLBACK it would be carried out on its own. */
  private nextPlace(): StatementPlace {
    if (this.leading.length === 0) return INSIDE;
    return {
      transactionOnly: this.begin === undefined || !this.leading.includes(this.begin),
      leading: [...this.leading],
      // Not before: a statement that its caller takes back is not sent, and neither is what was to go in front of it.
      onLed: (statement) => {
        const index = this.leading.indexOf(statement);
        if (index >= 0) this.leading.splice(index, 1);
      },
    };
  }

  /** BEGIN was refused, or a statement has ended the transaction in a way that was not seen coming. */
  private endedBeforehand(): Error {
    return this.failure === undefined
      ? new CommitOutcomeUnknownError('a statement of its own had ended it')
      : new UnexpectedRollbackError({ cause: this.failure });
  }

  private async lend(): Promise<DatabaseClient> {
    const client = await this.source.lend((giveUp) => (this.giveUp = giveUp));
    this.giveUp = undefined;
    this.heldSince = performance.now();
    this.client = client;
    this.source.begun();
    return client;
  }

  private throwIfAborted(): void {
    if (this.aborted !== undefined) throw this.aborted;
  }

  /** Ends the transaction and gives the connection back; one that could not be ended is not lent to anybody else. */
  private async end(command: 'COMMIT' | 'ROLLBACK', tail: readonly TailStatement[] = NOTHING): Promise<void> {
    const { client } = this;
    this.state = 'ended';
    if (client === undefined) return;
    // It would stop the next statement of the session otherwise.
    await this.cancelling;
    try {
      if (tail.length > 0) await this.sendTail(client, tail);
      else if (command === 'ROLLBACK') await this.sendRollback(client);
      else if (client.getTransactionStatus() === 'I') throw this.endedBeforehand();
      else await client.query('COMMIT');
    } catch (error) {
      this.failure ??= error;
      throw error;
    } finally {
      this.client = undefined;
      (client as unknown as pg.PoolClient).release();
    }
  }

  /** COMMIT with what goes in front of it, BEGIN included where nothing was sent before. */
  private async sendTail(client: DatabaseClient, tail: readonly TailStatement[]): Promise<void> {
    const isFirst = this.begin !== undefined && this.leading.includes(this.begin);
    if (!isFirst && client.getTransactionStatus() === 'I') throw this.endedBeforehand();
    const named = tail.map((statement) => client.named.next(statement));
    const place = { transactionOnly: !isFirst, leading: [...this.leading, ...named] };
    try {
      await client.queryAt(place, { text: 'COMMIT' });
    } catch (error) {
      this.wasForgotten = client.named.forgetAfter(error);
      await this.cancelling;
      await this.sendRollback(client).catch(() => undefined);
      throw error;
    } finally {
      await this.cancelling;
      this.commits = false;
    }
  }

  /** Within the time that a server may take: it rolls back by itself when the connection is gone. */
  private async sendRollback(client: DatabaseClient): Promise<void> {
    if (client.getTransactionStatus() === 'I') return;
    const limit = setTimeout(() => void client.destroy(), this.source.graceMs);
    try {
      await client.query('ROLLBACK');
    } finally {
      clearTimeout(limit);
    }
  }
}

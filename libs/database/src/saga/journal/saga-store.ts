import { messageValues } from '../../outbox/message-clause.js';
import type { OutboxRow } from '../../outbox/outbox-writer.js';
import type { Row, SqlExecutor } from '../../query/sql-executor.port.js';
import type { TailStatement } from '../../transaction/transaction-session.port.js';
import { toErrorRecord } from '../error-record.js';
import type { RegisteredSaga, SagaFilter } from '../saga-engine.port.js';
import { SagaAbandonedError, type StepEntry, type Transition } from '../saga-journal.port.js';
import { newsOfMove, newsOfStep, type SagaIdentity, type SagaNews, type SagaOutbox } from '../saga-outbox.js';
import type { SagaRow } from './saga-row.js';
import { sagaSql, type SagaSql } from './saga-sql.js';
import { suspectedFrom } from './saga-suspects.js';

/** Which saga, and with which right to write to it. */
export interface Fenced extends SagaIdentity {
  readonly fence: string;
}

/** A saga that is about to be recorded. */
export interface NewSaga {
  readonly id: string;
  readonly saga: RegisteredSaga;
  readonly key: string;
  /** JSON; null where there is no input. */
  readonly input: string | null;
  /** JSON. */
  readonly context: string | null;
}

/** A lease that was taken. */
export interface Claim {
  readonly id: string;
  /** How often it was taken over since it began, or since somebody has retried it. */
  readonly recoveries: number;
  /** Whether it may be what its owners have died of. */
  readonly suspect: boolean;
}

/** A lease that this instance still has. */
interface KeptLease {
  readonly cancelled: boolean;
  /** Not where somebody has it locked. */
  readonly prolonged: boolean;
}

/** What goes into a COMMIT beside the entry of a step. */
export interface AtCommit {
  /** Where the saga goes then. */
  readonly end: Transition | undefined;
  readonly onCancelled: () => void;
}

const OPERATION = 'The journal of sagas';
const STARTED: SagaNews = { event: 'started', state: 'running' };

/** The journal's tables. Outside of a transaction each call is a statement, and a commit, of its own. */
export class SagaStore {
  private readonly sql: SagaSql;
  /** Those that every saga sends; what looks for sagas among many is planned each time. */
  private readonly often: ReadonlySet<string>;

  constructor(
    private readonly executor: SqlExecutor,
    readonly schema: string,
    /** This instance, in the leases. */
    readonly owner: string,
    private readonly leaseMs: number,
    /** Undefined: nobody is told. */
    private readonly outbox: SagaOutbox | undefined,
  ) {
    this.sql = sagaSql(schema, outbox !== undefined);
    const { create, entry, move, refence, load } = this.sql;
    this.often = new Set([create, entry, move, refence, load]);
  }

  /** @returns those that had other steps before */
  async define(sagas: readonly RegisteredSaga[]): Promise<{ name: string; version: number }[]> {
    return await this.rows(this.sql.define, definitionsOf(sagas));
  }

  /** @returns whether it was made: otherwise the key is taken */
  async create(saga: NewSaga, isOwn: boolean): Promise<boolean> {
    const lease = isOwn ? [this.owner, this.leaseMs] : [null, 0];
    const news = () => this.outbox?.message(identityOf(saga), STARTED);
    return (await this.tell(this.sql.create, [...creationOf(saga), ...lease], news)).length > 0;
  }

  /** The same for the end of a transaction, which fails where the key belongs to a saga with another input. */
  creationAtCommit(saga: NewSaga, onTold: (message: OutboxRow) => void): TailStatement[] {
    const [insert, lease] = this.sql.enqueue;
    const statements: TailStatement[] = [
      { text: insert, values: creationOf(saga).map(toText) },
      { text: lease, values: [saga.id, saga.saga.name, saga.key, saga.input] },
    ];
    const message = this.outbox?.message(identityOf(saga), STARTED);
    if (message === undefined) return statements;
    this.outbox?.writing(message);
    const onValue = (made: string | null) => {
      if (made === '1') onTold(message);
    };
    return [
      ...statements,
      { text: this.sql.tellEnqueued, values: [saga.id, ...messageValues(message, false)], onValue },
    ];
  }

  async existing(
    name: string,
    key: string,
    input: string | null,
  ): Promise<{ id: string; same: boolean } | undefined> {
    const [row] = await this.rows<{ id: string; same: boolean }>(this.sql.existing, [name, key, input]);
    return row;
  }

  /**
   * @returns whether the saga is to be cancelled
   * @throws {@link SagaAbandonedError} when somebody else has it
   */
  async write(saga: Fenced, entry: StepEntry, sinceMs: number): Promise<boolean> {
    const news = () => this.outbox?.message(identityOf(saga), newsOfStep(entry));
    const values = entryOf(saga, entry, sinceMs);
    const [row] = await this.tell<{ cancelled: boolean | null }>(this.sql.entry, values, news);
    if (row === undefined) throw new SagaAbandonedError('lost');
    return row.cancelled === true;
  }

  /** The same for the end of a transaction, with the end of the saga where this is its last step. */
  writeAtCommit(
    saga: Fenced,
    entry: StepEntry,
    sinceMs: number,
    { end, onCancelled }: AtCommit,
  ): TailStatement[] {
    const written: TailStatement = {
      text: this.sql.entryAtCommit,
      values: entryOf(saga, entry, sinceMs).map(toText),
      onValue: (cancelled) => {
        if (cancelled === 't') onCancelled();
      },
    };
    if (end === undefined) return [written];
    const { id, fence } = saga;
    const completed = { text: this.sql.completeAtCommit, values: [id, fence, toJson(end.result)] };
    return [written, completed, { text: this.sql.freeAtCommit, values: [id] }];
  }

  /** What the same tells, for the same end of a transaction. */
  messagesAtCommit(saga: Fenced, entry: StepEntry, end: Transition | undefined): OutboxRow[] {
    const { outbox } = this;
    if (outbox === undefined) return [];
    const news = [newsOfStep(entry), ...(end === undefined ? [] : [newsOfMove(end)])];
    return news.map((each) => outbox.message(identityOf(saga), each));
  }

  /** @throws {@link SagaAbandonedError} when somebody else has it */
  async move(saga: Fenced, transition: Transition): Promise<void> {
    const { to, result, step, error } = transition;
    const values = [saga.id, saga.fence, to, toJson(result), step ?? null, errorJson(error)];
    const news = () => this.outbox?.message(identityOf(saga), newsOfMove(transition));
    if ((await this.tell(this.sql.move, values, news)).length === 0) throw new SagaAbandonedError('lost');
  }

  async beat(ids: readonly string[]): Promise<Map<string, KeptLease>> {
    const rows = await this.rows<KeptLease & { id: string }>(this.sql.beat, [this.owner, ids, this.leaseMs]);
    return new Map(rows.map((row) => [row.id, row]));
  }

  async claim(sagas: readonly RegisteredSaga[], limit: number, suspects: number): Promise<Claim[]> {
    const suspected = sagas.map(({ maxRecoveries }) => suspectedFrom(maxRecoveries));
    const values = [this.owner, this.leaseMs, ...definitionsOf(sagas), suspected, limit, suspects];
    return await this.rows(this.sql.claim, values);
  }

  /** @returns undefined where somebody else has it, or nobody has to */
  async reclaim(id: string, counts: boolean): Promise<Claim | undefined> {
    const values = [this.owner, id, this.leaseMs, counts ? 1 : 0];
    const [row] = await this.rows<Claim>(this.sql.reclaim, values);
    return row;
  }

  /** Shuts out whoever had it before. @returns undefined where it is over, or somebody else's */
  async refence(id: string): Promise<string | undefined> {
    const [row] = await this.rows<{ fence: string }>(this.sql.refence, [id, this.owner]);
    if (row === undefined) await this.rows(this.sql.dropSettled, [id, this.owner]);
    return row?.fence;
  }

  async giveBack(): Promise<void> {
    await this.rows(this.sql.giveBack, [this.owner]);
  }

  async settled(ids: readonly string[]): Promise<{ id: string; gone: boolean }[]> {
    return await this.rows(this.sql.settled, [ids]);
  }

  async load(id: string): Promise<SagaRow | undefined> {
    const [row] = await this.rows<SagaRow>(this.sql.load, [id]);
    return row;
  }

  async find(name: string, key: string): Promise<SagaRow | undefined> {
    const [row] = await this.rows<SagaRow>(this.sql.find, [name, key]);
    return row;
  }

  async list(filter: SagaFilter, known: readonly RegisteredSaga[]): Promise<SagaRow[]> {
    const { state, name, failedStep, idleForMs, orphaned, limit = 100, after } = filter;
    return await this.rows(this.sql.list, [
      state === undefined ? null : [state].flat(),
      name ?? null,
      failedStep ?? null,
      idleForMs ?? null,
      orphaned ?? null,
      ...definitionsOf(known),
      after ?? null,
      limit,
    ]);
  }

  async orphaned(
    sagas: readonly RegisteredSaga[],
    waitedMs: number,
  ): Promise<{ name: string; version: number; count: number }[]> {
    return await this.rows(this.sql.orphaned, [...definitionsOf(sagas), waitedMs]);
  }

  async purge(afterMs: number, limit: number): Promise<number> {
    const [row] = await this.rows<{ count: number }>(this.sql.purge, [afterMs, limit]);
    return row?.count ?? 0;
  }

  /** With a message where there is somebody to tell: written where the statement gives a row. */
  private async tell<Result extends object = Row>(
    sql: string,
    values: readonly unknown[],
    news: () => OutboxRow | undefined,
  ): Promise<Result[]> {
    const message = news();
    if (message === undefined) return await this.rows(sql, values);
    this.outbox?.writing(message);
    const rows = await this.rows<Result>(sql, [...values, ...messageValues(message)]);
    if (rows.length > 0) this.outbox?.written(message);
    return rows;
  }

  private async rows<Result extends object = Row>(
    sql: string,
    values: readonly unknown[],
  ): Promise<Result[]> {
    const prepared = this.often.has(sql);
    const { rows } = await this.executor.execute({ sql, values, operation: OPERATION, prepared });
    return rows as Result[];
  }
}

function definitionsOf(sagas: readonly RegisteredSaga[]): [string[], number[], string[]] {
  return [
    sagas.map(({ name }) => name),
    sagas.map(({ version }) => version),
    sagas.map(({ fingerprint }) => fingerprint),
  ];
}

/** A saga as events name it, and nothing else of it. */
function identityOf(saga: Fenced | NewSaga): SagaIdentity {
  const { name, version } = 'saga' in saga ? saga.saga : saga;
  return { id: saga.id, name, version, key: saga.key };
}

function creationOf({ id, saga, key, input, context }: NewSaga): (string | number | null)[] {
  const { name, version, fingerprint, deadlineMs } = saga;
  return [id, name, version, fingerprint, key, input, context, deadlineMs ?? null];
}

function entryOf({ id, fence }: Fenced, entry: StepEntry, sinceMs: number): (string | number | null)[] {
  const { step, direction, state, attempt, order, output, error } = entry;
  return [id, fence, step, direction, state, attempt, order, toJson(output), errorJson(error), sinceMs];
}

/** NULL stands for undefined, which JSON does not have. */
function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function errorJson(error: unknown): string | null {
  return error === undefined ? null : JSON.stringify(toErrorRecord(error));
}

function toText(value: string | number | null): string | null {
  return value === null ? null : String(value);
}

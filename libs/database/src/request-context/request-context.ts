import { randomUUID } from 'node:crypto';
import { AmbientValue } from '../common/ambient-value.js';

/**
 * One request, or one job, as the code that serves it sees it.
 *
 * @public
 */
export interface RequestSnapshot {
  /** From the header `x-request-id` where that was sane, otherwise drawn. */
  readonly id: string;
  /** When it began. */
  readonly startedAt: Date;
  /** How long it has run, in milliseconds. */
  readonly elapsedMs: number;
  /** The times of its queries added up, in milliseconds; more than `elapsedMs` where they ran side by side. */
  readonly databaseMs: number;
  /** How many queries it has sent. */
  readonly queryCount: number;
}

/** The mutable part, which follows the asynchronous calls of a request. */
interface Request {
  readonly id: string;
  readonly startedAt: Date;
  readonly started: number;
  databaseMs: number;
  queryCount: number;
  /** Made when somebody asks for the signal; most requests need none. */
  abort?: AbortController;
  gone: boolean;
}

/**
 * What the request that is being served is called, when it began and how much of it was the database.
 *
 * Injectable; every member is undefined outside of a request. It belongs to one application: two of them in one
 * process do not see each other's requests.
 *
 * @public
 */
export class RequestContext {
  private readonly storage = new AmbientValue<Request>();

  /** The id of the request, for logs and for answers that say what to quote. */
  get id(): string | undefined {
    return this.storage.get()?.id;
  }

  /**
   * Aborted when the client closes the connection before it has its answer: {@link cancelOnAbort} stops queries by it.
   * That of a job that was begun with {@link RequestContext.run} is never aborted; undefined outside of both.
   */
  get signal(): AbortSignal | undefined {
    const request = this.storage.get();
    if (request === undefined) return undefined;
    request.abort ??= new AbortController();
    if (request.gone) request.abort.abort(clientGone());
    return request.abort.signal;
  }

  /** Everything that is known of the request so far. */
  current(): RequestSnapshot | undefined {
    const request = this.storage.get();
    if (request === undefined) return undefined;
    const { id, startedAt, started, databaseMs, queryCount } = request;
    return { id, startedAt, elapsedMs: performance.now() - started, databaseMs, queryCount };
  }

  /** Runs a job that no request has started, such as a message or a timer, as a request with this id. */
  run<Result>(work: () => Result, id: string = randomUUID()): Result {
    const request = {
      id,
      startedAt: new Date(),
      started: performance.now(),
      databaseMs: 0,
      queryCount: 0,
      gone: false,
    };
    return this.storage.run(request, work);
  }

  /** Binds `work` to the request that is current now. @internal */
  bind(): (work: () => void) => void {
    const request = this.storage.get();
    return (work) => {
      if (request === undefined) work();
      else this.storage.run(request, work);
    };
  }

  /** How to say that the client of the request that is current now has gone. @internal */
  abandonment(): () => void {
    const request = this.storage.get();
    return () => {
      if (request === undefined) return;
      request.gone = true;
      request.abort?.abort(clientGone());
    };
  }

  /** Adds a query to the request that is current. @internal */
  record(durationMs: number): void {
    const request = this.storage.get();
    if (request === undefined) return;
    request.databaseMs += durationMs;
    request.queryCount += 1;
  }
}

function clientGone(): Error {
  return new Error('The client closed the connection before it had its answer.');
}

import { ShuttingDownError } from '../errors/connection.errors.js';
import { DatabaseState, type DatabaseStateSnapshot, type DatabaseStatus } from './database-state.js';
import { publishState } from './lifecycle.events.js';

/** Closing is final: whatever comes in late does not bring a connection back. */
const NEXT: Readonly<Record<DatabaseStatus, readonly DatabaseStatus[]>> = {
  starting: ['ready', 'degraded', 'draining', 'closed'],
  ready: ['degraded', 'draining', 'closed'],
  degraded: ['ready', 'draining', 'closed'],
  draining: ['closed'],
  closed: [],
};

type Listener = (state: DatabaseStateSnapshot) => void;

/** What a state needs besides the name of its connection. */
export interface DatabaseStateSettings {
  readonly connection: string;
  /** Is told what a listener threw. */
  readonly onListenerError: (error: unknown) => void;
  /** Brings a connection back that has become `degraded`. */
  readonly onDegraded?: () => void;
}

/** The state, and the way to change it. */
export class DatabaseStateControl extends DatabaseState {
  override readonly connection: string;
  private current: {
    readonly status: DatabaseStatus;
    readonly reason: string | undefined;
    readonly since: Date;
  };
  private readonly listeners = new Set<Listener>();

  constructor(private readonly settings: DatabaseStateSettings) {
    super();
    this.connection = settings.connection;
    this.current = { status: 'starting', reason: undefined, since: new Date() };
  }

  override get status(): DatabaseStatus {
    return this.current.status;
  }

  override get reason(): string | undefined {
    return this.current.reason;
  }

  override get since(): Date {
    return this.current.since;
  }

  override snapshot(): DatabaseStateSnapshot {
    const { status, reason, since } = this.current;
    return { connection: this.connection, status, since, ...(reason !== undefined && { reason }) };
  }

  override isUsable(): boolean {
    return this.status === 'ready' || this.status === 'draining';
  }

  override async whenReady(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.status === 'ready') return;
    this.throwIfClosing();
    await new Promise<void>((resolve, reject) => {
      const settle = (then: () => void) => {
        unsubscribe();
        signal?.removeEventListener('abort', onAbort);
        then();
      };
      const onAbort = () => {
        settle(() => {
          reject(signal?.reason as Error);
        });
      };
      const unsubscribe = this.onChange(({ status }) => {
        if (status === 'ready') settle(resolve);
        else if (status === 'draining' || status === 'closed') {
          settle(() => {
            reject(this.closingError());
          });
        }
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  override onChange(listener: Listener): () => void {
    // A subscription of its own, so that one function may listen twice.
    const subscription: Listener = (state) => {
      listener(state);
    };
    this.listeners.add(subscription);
    return () => {
      this.listeners.delete(subscription);
    };
  }

  override reportFailure(error: unknown): void {
    if (this.status === 'ready') this.move('degraded', sentenceOf(error));
  }

  /** Changes the state where that is possible from here, and says whether it was. Repeating a status renews its reason. */
  move(status: DatabaseStatus, reason?: string): boolean {
    const previous = this.current.status;
    if (status === previous) {
      this.current = { ...this.current, reason };
      return false;
    }
    if (!NEXT[previous].includes(status)) return false;
    this.current = { status, reason, since: new Date() };
    const snapshot = this.snapshot();
    publishState({ ...snapshot, previous });
    for (const listener of [...this.listeners]) this.notify(listener, snapshot);
    if (status === 'closed') this.listeners.clear();
    if (status === 'degraded') this.settings.onDegraded?.();
    return true;
  }

  /** @throws {ShuttingDownError} when the connection is closing or closed */
  throwIfClosing(): void {
    if (this.status === 'draining' || this.status === 'closed') throw this.closingError();
  }

  closingError(): ShuttingDownError {
    return new ShuttingDownError({ target: { kind: 'postgres', connection: this.connection } });
  }

  private notify(listener: Listener, snapshot: DatabaseStateSnapshot): void {
    try {
      listener(snapshot);
    } catch (error) {
      this.settings.onListenerError(error);
    }
  }
}

/** Messages of the library hold no secrets; those of others may, so only the kind of a foreign error is repeated. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return 'An operation failed.';
  return 'code' in error && 'retryable' in error ? error.message : `An operation failed (${error.name}).`;
}

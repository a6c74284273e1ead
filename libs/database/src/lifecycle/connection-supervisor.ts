import { setTimeout as delay } from 'node:timers/promises';
import { withDeadline } from '../common/deadline.js';
import { OwnContext } from '../common/own-context.js';
import { DatabaseError } from '../errors/database.error.js';
import { fullJitter, type BackoffSchedule } from '../common/backoff.js';
import type { DatabaseStateControl } from './database-state.control.js';

/** A server that accepts connections again is in use at the latest after two of these. */
const HEALING_MAX_DELAY_MS = 1_000;
const HEALING_INITIAL_DELAY_MS = 100;
/**
 * What a repetition does not cure is asked rarely: refused logins can lock an account. Somewhat above the five seconds for
 * which a connection is not opened after a refusal, as timers may be early.
 */
const HOPELESS_DELAY_MS = 5_100;
/** How long a start in `degraded` mode waits for the first answer. */
const FIRST_ANSWER_MS = 5_000;

/** How a connection is brought up, and kept up. */
export interface SupervisorSettings {
  readonly mode: 'strict' | 'degraded' | 'lazy';
  readonly attempts: number;
  readonly schedule: BackoffSchedule;
  /** One attempt to make everything usable; rejects with the typed failure. May be repeated, also after a success. */
  readonly open: (signal: AbortSignal) => Promise<void>;
  readonly warn: (line: string) => void;
  readonly info: (line: string) => void;
  readonly random?: () => number;
}

/**
 * Brings one connection up in its start mode, and back after it was lost.
 *
 * There is at most one attempt at a time. Failures that a repetition may cure are repeated with pauses that grow; the
 * others end a strict start at once, and are asked again every five seconds in the background.
 */
export class ConnectionSupervisor {
  private readonly stopping = new AbortController();
  private healing: Promise<void> | undefined;
  /** The healing goes on for longer than the request that has met the outage. */
  private readonly context = new OwnContext();

  constructor(
    private readonly settings: SupervisorSettings,
    private readonly state: DatabaseStateControl,
  ) {}

  /**
   * Resolves when the application may go on, which depends on the mode.
   *
   * @throws in `strict` mode the typed failure of the last attempt
   * @throws the signal's reason when `signal` is aborted
   */
  async start(signal: AbortSignal): Promise<void> {
    const { mode } = this.settings;
    if (mode === 'strict') await this.openStrictly(AbortSignal.any([signal, this.stopping.signal]));
    else if (mode === 'lazy') this.state.move('ready', 'Nothing is opened before the first use.');
    else await this.startDegraded(signal);
  }

  /** Tries in the background until the database answers or {@link ConnectionSupervisor.stop} is called. */
  heal(): void {
    if (this.stopping.signal.aborted) return;
    this.healing ??= this.context
      .run(() => this.keepTrying(this.stopping.signal))
      .finally(() => {
        this.healing = undefined;
        // A failure that was reported right after the last attempt still found this one under way.
        if (this.state.status === 'degraded') this.heal();
      });
  }

  /** Aborted by {@link ConnectionSupervisor.stop}, with what an operation on a closing connection fails with. */
  get stopped(): AbortSignal {
    return this.stopping.signal;
  }

  /** Ends every wait and every attempt; never rejects. */
  stop(): void {
    if (!this.stopping.signal.aborted) this.stopping.abort(this.state.closingError());
  }

  private async openStrictly(signal: AbortSignal): Promise<void> {
    const { attempts, schedule, random, warn } = this.settings;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.attempt(signal);
        this.state.move('ready');
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (attempt >= attempts || !isCurable(error)) throw error;
        const pauseMs = fullJitter(attempt, schedule, random);
        warn(`${error.message} Attempt ${attempt} of ${attempts} failed; the next one is in ${pauseMs} ms.`);
        // The process has to stay alive for it: nothing else may be running yet.
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
        signal.throwIfAborted();
      }
    }
  }

  private async startDegraded(signal: AbortSignal): Promise<void> {
    const abort = () => {
      this.stop();
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const decided = this.firstChange();
      this.heal();
      await withDeadline(decided, FIRST_ANSWER_MS, () => {
        this.state.move('degraded', `No answer within ${FIRST_ANSWER_MS} ms.`);
      });
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  private firstChange(): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        stop();
        this.stopping.signal.removeEventListener('abort', settle);
        resolve();
      };
      const stop = this.state.onChange(settle);
      this.stopping.signal.addEventListener('abort', settle, { once: true });
    });
  }

  private async keepTrying(signal: AbortSignal): Promise<void> {
    const { warn, info, random } = this.settings;
    const started = performance.now();
    let lastReason = '';
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await this.attempt(signal);
        const wasAway = this.state.status === 'degraded';
        if (this.state.move('ready') && wasAway) {
          info(`The database can be used again after ${Math.round(performance.now() - started)} ms.`);
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        const reason = error instanceof DatabaseError ? error.message : 'The attempt to connect failed.';
        this.state.move('degraded', reason);
        // Said once for each reason: this loop may run for hours.
        if (reason !== lastReason) warn(`${reason} It is tried again in the background.`);
        lastReason = reason;
        const pauseMs = isCurable(error) ? this.healingPause(attempt, random) : HOPELESS_DELAY_MS;
        // The application decides how long the process lives, not this wait.
        await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  private healingPause(attempt: number, random?: () => number): number {
    const { schedule } = this.settings;
    const maxDelayMs = Math.min(HEALING_MAX_DELAY_MS, schedule.maxDelayMs);
    const initialDelayMs = Math.min(HEALING_INITIAL_DELAY_MS, schedule.initialDelayMs);
    // Never without a pause, which an initial delay of 0 would allow.
    return Math.max(10, fullJitter(attempt, { ...schedule, maxDelayMs, initialDelayMs }, random));
  }

  /** An attempt that is given up on goes on until its connection is closed; nobody waits for it. */
  private async attempt(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let giveUp: (() => void) | undefined;
    const aborted = new Promise<never>((_resolve, reject) => {
      giveUp = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
    try {
      await Promise.race([this.settings.open(signal), aborted]);
    } finally {
      if (giveUp !== undefined) signal.removeEventListener('abort', giveUp);
    }
  }
}

/** Unknown failures are not: repeating what is not understood may do harm. */
function isCurable(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.retryable && error.outcome === 'not-applied';
}

import { withDeadline } from '../common/deadline.js';
import type { PasswordProvider } from '../config/password.js';
import { Secret } from '../config/secret.js';
import { AuthenticationError } from '../errors/connection.errors.js';
import type { ErrorTarget } from '../errors/database.error.js';
import { translateConnectionFailure } from '../fault/connection-failure.js';
import { askPassword } from './ask-password.js';

/** How long a login that the server has refused is not sent again: many refusals can lock the account. */
export const REFUSED_LOGIN_PAUSE_MS = 5_000;
/** How long the server's word counts that a password is right. */
const PROVEN_MS = 1_000;
/** How long the others wait for one verdict: a login that has fallen silent must not hold them up as well. */
const VERDICT_MS = 1_000;

/** Whose logins the gate watches. */
export interface LoginGateSettings {
  readonly password: PasswordProvider | undefined;
  readonly endpoint: string;
  readonly target: ErrorTarget;
  /** Milliseconds since an arbitrary moment; the monotonic clock of the process where it is not given. */
  readonly now?: () => number;
}

/** The login of one new connection. */
export interface Login {
  /** Why it is of no use to open the connection; undefined where nothing is known against it. */
  refusal(): AuthenticationError | undefined;
  /**
   * The password, when the server asks for it.
   *
   * @throws {AuthenticationError} when it cannot be had, or the server has just refused it
   */
  password(): Promise<string>;
  /** Has to be told how the connection came about; `error` is undefined when it is open. Further calls do nothing. */
  end(error?: unknown): void;
}

interface Refusal {
  readonly error: AuthenticationError;
  /** Undefined where the server did not even ask. */
  readonly password: Secret | undefined;
  readonly at: number;
}

/**
 * Sees to it that a password the server refuses is sent once every five seconds, however many callers there are: without
 * it, every request is a login that fails, and the account is locked soon. A password that has changed is tried at once.
 *
 * A password that has not been proven lately is tried by one connection while the others wait for the verdict, so that a
 * pool that fills up again after a change costs one refusal as well. Where there is none after a second, the next one
 * tries: a login that has fallen silent says nothing about the others.
 */
export class LoginGate {
  private refused: Refusal | undefined;
  private proven: { readonly password: Secret; readonly at: number } | undefined;
  private trial: Promise<void> | undefined;

  constructor(private readonly settings: LoginGateSettings) {}

  /** Begins the login of a connection that is about to be opened. */
  begin(): Login {
    let asked: string | Promise<string> | undefined;
    let sent: string | undefined;
    let ended = false;
    let endTrial: (() => void) | undefined;
    return {
      refusal: () => {
        const { refused } = this;
        if (refused === undefined || !this.counts(refused)) return undefined;
        if (refused.password === undefined) return this.repeat(refused);
        asked = this.ask();
        // Whoever gives the password later, or fails to, is heard when the server asks for it.
        if (typeof asked !== 'string') asked.catch(() => undefined);
        return asked === refused.password.reveal() ? this.repeat(refused) : undefined;
      },
      password: async () => {
        const password = await (asked ?? this.ask());
        while (!ended && !this.isProven(password) && this.trial !== undefined) await this.trial;
        this.throwIfRefused(password);
        if (!ended && !this.isProven(password)) endTrial = this.beginTrial();
        sent = password;
        return password;
      },
      end: (error) => {
        if (ended) return;
        ended = true;
        this.judge(sent, error);
        endTrial?.();
      },
    };
  }

  /** A session has ended, perhaps because the server no longer wants its user. */
  sessionEnded(): void {
    this.proven = undefined;
  }

  /** Makes the others wait until the returned function is called, for a second at most. */
  private beginTrial(): () => void {
    let end: () => void = () => undefined;
    const verdict = new Promise<void>((resolve) => (end = resolve));
    this.trial = withDeadline(verdict, VERDICT_MS, () => undefined).then(() => {
      this.trial = undefined;
    });
    return end;
  }

  private judge(password: string | undefined, error: unknown): void {
    if (error === undefined) {
      this.refused = undefined;
      if (password !== undefined) this.proven = { password: new Secret(password), at: this.now() };
      return;
    }
    // What this side raised was never sent, or is the repetition of a refusal.
    if (error instanceof AuthenticationError) return;
    const { endpoint, target } = this.settings;
    const failure = translateConnectionFailure(error, endpoint, target);
    if (!(failure instanceof AuthenticationError)) return;
    const refused = password === undefined ? undefined : new Secret(password);
    this.refused = { error: failure, password: refused, at: this.now() };
    this.proven = undefined;
  }

  private throwIfRefused(password: string): void {
    const { refused } = this;
    if (refused?.password?.reveal() === password && this.counts(refused)) throw this.repeat(refused);
  }

  private repeat({ error, at }: Refusal): AuthenticationError {
    const { endpoint, target } = this.settings;
    return new AuthenticationError(
      endpoint,
      { target, cause: error },
      `The server refused this login ${Math.round(this.now() - at)} ms ago, and it is sent again after ${REFUSED_LOGIN_PAUSE_MS} ms at the earliest`,
    );
  }

  private counts({ at }: Refusal): boolean {
    return this.now() - at < REFUSED_LOGIN_PAUSE_MS;
  }

  private isProven(password: string): boolean {
    const { proven } = this;
    return proven?.password.reveal() === password && this.now() - proven.at < PROVEN_MS;
  }

  private ask(): string | Promise<string> {
    const { password, endpoint, target } = this.settings;
    return askPassword(password, endpoint, target);
  }

  private now(): number {
    return this.settings.now?.() ?? performance.now();
  }
}

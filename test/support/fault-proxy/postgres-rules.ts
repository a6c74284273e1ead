import type { Fault } from './fault.js';
import type { ServerError } from './postgres-frames.js';
import type { Cut } from './toxics.js';

/** Which messages of a client a rule is about. */
export interface RequestMatch {
  /**
   * The letter of the message. Left out: whatever runs a statement, which is `Q` (Query) or `E` (Execute); then
   * `statement` is compared with the text that runs, also where it was prepared earlier.
   */
  readonly type?: string;
  readonly statement?: RegExp;
}

/** Which messages of the server a rule is about. */
export interface ReplyMatch {
  /** The letter of the message, such as `C` (CommandComplete) or `Z` (ReadyForQuery). */
  readonly type: string;
  /** The statement that is being answered. */
  readonly statement?: RegExp;
}

/** What happens to a message of the client that matches. */
export type RequestAction =
  /** It vanishes. */
  | { readonly do: 'drop' }
  /** It vanishes, and the connection with it: the server has never seen it. */
  | { readonly do: 'cut'; readonly how?: Cut }
  /** The direction stops before it, or after so many bytes of it, until the fault is removed. */
  | { readonly do: 'stall'; readonly afterBytes?: number }
  /** The server does not see it; the client is told this error. */
  | { readonly do: 'fail'; readonly error: ServerError }
  /** The server does what it says; of its reply the client sees nothing until the fault is removed. */
  | { readonly do: 'holdReply'; readonly from?: string }
  /** The server does what it says and the client never hears of it: cut when the whole reply is there. */
  | { readonly do: 'cutOnReply'; readonly how?: Cut };

/** What happens to a message of the server that matches. */
export type ReplyAction =
  | { readonly do: 'drop' }
  | { readonly do: 'cut'; readonly how?: Cut }
  | { readonly do: 'stall'; readonly afterBytes?: number }
  /** Other bytes come instead of it. */
  | { readonly do: 'replace'; readonly bytes: Buffer };

export interface RequestRule {
  readonly match: RequestMatch;
  readonly action: RequestAction;
  /** How often it strikes. */
  readonly times: number;
  readonly fault: Fault;
}

export interface ReplyRule {
  readonly match: ReplyMatch;
  readonly action: ReplyAction;
  readonly times: number;
  readonly fault: Fault;
}

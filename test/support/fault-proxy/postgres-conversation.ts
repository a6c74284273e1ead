import type { Fault } from './fault.js';
import {
  CANCEL_REQUEST,
  encodeError,
  encodeFrame,
  type Frame,
  FrameReader,
  GSS_REQUEST,
  readyAfterError,
  type ServerError,
  SSL_REQUEST,
  startupCode,
  SYNC,
  textAt,
} from './postgres-frames.js';
import type { ReplyRule, RequestRule } from './postgres-rules.js';
import type { Cut } from './toxics.js';

/** What a direction of the connection is to do next. */
export type Step =
  { readonly pass: Buffer } | { readonly cut: Cut } | { readonly waitFor: Fault } | { readonly lose: Fault };

/** What all conversations of a proxy have in common. */
export interface ConversationHost {
  readonly requestRules: readonly RequestRule[];
  readonly replyRules: readonly ReplyRule[];
  note(action: string): void;
  /** A statement is on its way to the server. */
  executed(statement: string): void;
  /** The server has answered a Query or a Sync with ReadyForQuery. */
  roundTrip(): void;
}

/** From the first message of a client to the ReadyForQuery that ends the server's answer. */
interface Exchange {
  statement: string | undefined;
  error?: ServerError;
  held?: { readonly fault: Fault; readonly from: string | undefined; started: boolean };
  cutOnReply?: { readonly how: Cut };
  isStartup?: true;
  isReplacedCommit?: true;
}

const READY = 'Z';
const COMMIT = /^\s*(COMMIT|END)\b/i;
const ROLLBACK = encodeFrame('Q', Buffer.from('ROLLBACK\0'));
/** Messages that run something; each belongs to an exchange that a Sync ends. */
const EXTENDED = 'PBDEC';

/** Follows one connection of protocol 3 and applies the rules to its messages. */
export class PostgresConversation {
  private readonly requests = new FrameReader('startup');
  private readonly replies = new FrameReader('typed');
  private readonly prepared = new Map<string, string>();
  private readonly portals = new Map<string, string>();
  private readonly exchanges: Exchange[] = [];
  /** The exchange to which the next message of the extended protocol belongs. */
  private open: Exchange | undefined;

  constructor(private readonly host: ConversationHost) {}

  *toServer(chunk: Buffer): Generator<Step> {
    this.requests.push(chunk);
    for (let frame = this.requests.next(); frame !== undefined; frame = this.requests.next())
      yield* this.request(frame);
  }

  *toClient(chunk: Buffer): Generator<Step> {
    this.replies.push(chunk);
    for (let frame = this.replies.next(); frame !== undefined; frame = this.replies.next())
      yield* this.reply(frame);
  }

  /** The bytes of a message that the end of the direction has cut short. */
  *rest(direction: 'toServer' | 'toClient'): Generator<Step> {
    const bytes = (direction === 'toServer' ? this.requests : this.replies).rest();
    if (bytes.length > 0) yield { pass: bytes };
  }

  private *request(frame: Frame): Generator<Step> {
    if (frame.type === 'startup') this.begin(frame);
    if (this.requests.mode !== 'typed' || frame.type === 'startup') {
      yield { pass: frame.bytes };
      return;
    }
    const exchange = this.exchangeOf(frame);
    const rule = this.host.requestRules.find(({ match: { type, statement }, times, fault }) => {
      if (fault.fired >= times) return false;
      if (type === undefined ? frame.type !== 'Q' && frame.type !== 'E' : frame.type !== type) return false;
      return statement === undefined || statement.test(this.textOf(frame, exchange) ?? '');
    });
    if (rule === undefined) {
      yield { pass: frame.bytes };
      return;
    }
    rule.fault.strike();
    this.host.note(`${rule.fault.name} at ${frame.type} ${exchange?.statement ?? ''}`.trimEnd());
    yield* this.apply(rule, frame, exchange);
  }

  private *apply(
    { action, fault }: RequestRule,
    frame: Frame,
    exchange: Exchange | undefined,
  ): Generator<Step> {
    switch (action.do) {
      case 'drop':
        yield { lose: fault };
        return;
      case 'cut':
        yield { cut: action.how ?? 'rst' };
        return;
      case 'stall':
        yield* stalled(frame, fault, action.afterBytes);
        return;
      case 'fail':
        if (exchange !== undefined) exchange.error = action.error;
        if (frame.type === 'Q') yield { pass: this.replacement(exchange) };
        return;
      case 'holdReply':
        if (exchange !== undefined) exchange.held = { fault, from: action.from, started: false };
        break;
      case 'cutOnReply':
        if (exchange !== undefined) exchange.cutOnReply = { how: action.how ?? 'rst' };
        break;
    }
    yield { pass: frame.bytes };
  }

  /** What the server gets instead of a statement: a failed COMMIT ends the transaction, anything else changes nothing. */
  private replacement(exchange: Exchange | undefined): Buffer {
    if (exchange?.statement === undefined || !COMMIT.test(exchange.statement)) return SYNC;
    exchange.isReplacedCommit = true;
    return ROLLBACK;
  }

  private *reply(frame: Frame): Generator<Step> {
    if (frame.type === 'byte') {
      this.replies.mode = 'typed';
      // 'S': from here on it is TLS, in which nothing can be read; 'N': the client begins anew.
      if (frame.bytes.toString() === 'S') this.requests.mode = this.replies.mode = 'raw';
    }
    if (frame.type === 'byte' || frame.type === 'raw') {
      yield { pass: frame.bytes };
      return;
    }
    const [exchange] = this.exchanges;
    if (frame.type === READY) this.finishExchange();
    const rule = this.host.replyRules.find(
      ({ match: { type, statement }, times, fault }) =>
        fault.fired < times &&
        frame.type === type &&
        (statement === undefined || statement.test(exchange?.statement ?? '')),
    );
    if (rule !== undefined) {
      rule.fault.strike();
      this.host.note(`${rule.fault.name} at ${frame.type} of ${exchange?.statement ?? 'no statement'}`);
      yield* answered(rule, frame);
      return;
    }
    yield* this.deliver(frame, exchange);
  }

  private *deliver(frame: Frame, exchange: Exchange | undefined): Generator<Step> {
    if (exchange?.cutOnReply !== undefined) {
      if (frame.type === READY) yield { cut: exchange.cutOnReply.how };
      return;
    }
    const held = exchange?.held;
    if (held !== undefined && (held.started || held.from === undefined || held.from === frame.type)) {
      held.started = true;
      yield { waitFor: held.fault };
    }
    if (exchange?.isReplacedCommit && frame.type === 'C') return;
    if (exchange?.error !== undefined && frame.type === READY) {
      yield { pass: encodeError(exchange.error) };
      if (exchange.error.severity === 'FATAL') yield { cut: 'fin' };
      else yield { pass: readyAfterError(frame) };
      return;
    }
    yield { pass: frame.bytes };
  }

  private begin({ bytes }: Frame): void {
    switch (startupCode(bytes)) {
      case SSL_REQUEST:
      case GSS_REQUEST:
        this.host.note('asks for encryption');
        this.replies.mode = 'byte';
        return;
      case CANCEL_REQUEST:
        this.host.note('asks to cancel a statement');
        this.requests.mode = this.replies.mode = 'raw';
        return;
      default:
        this.requests.mode = 'typed';
        this.exchanges.push({ statement: undefined, isStartup: true });
    }
  }

  /** Keeps track of what is prepared and what runs; answers the exchange a message belongs to. */
  private exchangeOf({ type, bytes }: Frame): Exchange | undefined {
    if (type === 'Q' || type === 'F') {
      const statement = type === 'Q' ? textAt(bytes, 5).text : undefined;
      const exchange: Exchange = { statement };
      if (statement !== undefined) this.host.executed(statement);
      this.exchanges.push(exchange);
      return exchange;
    }
    if (type !== 'S' && !EXTENDED.includes(type)) return this.open;
    if (this.open === undefined) this.exchanges.push((this.open = { statement: undefined }));
    const exchange = this.open;
    if (type === 'S') this.open = undefined;
    else this.trackExtended(type, bytes, exchange);
    return exchange;
  }

  private trackExtended(type: string, bytes: Buffer, exchange: Exchange): void {
    const first = textAt(bytes, 5);
    if (type === 'P') this.prepared.set(first.text, textAt(bytes, first.end).text);
    else if (type === 'B')
      this.portals.set(first.text, this.prepared.get(textAt(bytes, first.end).text) ?? '');
    else if (type === 'E') {
      exchange.statement = this.portals.get(first.text) ?? '';
      this.host.executed(exchange.statement);
    }
  }

  private textOf({ type, bytes }: Frame, exchange: Exchange | undefined): string | undefined {
    return type === 'P' ? textAt(bytes, textAt(bytes, 5).end).text : exchange?.statement;
  }

  private finishExchange(): void {
    if (this.exchanges.shift()?.isStartup !== true) this.host.roundTrip();
  }
}

function* stalled({ bytes }: Frame, fault: Fault, afterBytes = 0): Generator<Step> {
  if (afterBytes > 0) yield { pass: bytes.subarray(0, afterBytes) };
  yield { waitFor: fault };
  yield { pass: bytes.subarray(afterBytes) };
}

function* answered({ action, fault }: ReplyRule, frame: Frame): Generator<Step> {
  if (action.do === 'drop') yield { lose: fault };
  else if (action.do === 'cut') yield { cut: action.how ?? 'rst' };
  else if (action.do === 'replace') yield { pass: action.bytes };
  else yield* stalled(frame, fault, action.afterBytes);
}

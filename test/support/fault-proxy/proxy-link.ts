import { connect, type Socket } from 'node:net';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { type ConversationHost, PostgresConversation, type Step } from './postgres-conversation.js';
import { destroySocket, resetSocket } from './socket-end.js';
import type { ActiveToxic, Cut, Direction, Toxic, ToxicStream } from './toxics.js';

/** What a link needs of its proxy. */
export interface LinkHost {
  readonly upstream: { readonly host: string; readonly port: number };
  readonly toxics: readonly ActiveToxic[];
  random(): number;
  note(connection: number, action: string): void;
}

/** One connection through the proxy: a client's socket and the one to the server that belongs to it. */
export class ProxyLink {
  private readonly ended = new AbortController();
  private readonly server: Socket;
  private readonly lostTo = new Set<Fault>();
  private readonly streams = new WeakMap<Toxic, Map<Direction, ToxicStream>>();
  private readonly conversation: PostgresConversation | undefined;
  /** Resolves when both sockets are closed. */
  readonly closed: Promise<void>;

  constructor(
    readonly number: number,
    private readonly client: Socket,
    private readonly host: LinkHost,
    postgres: ConversationHost | undefined,
  ) {
    this.conversation = postgres && new PostgresConversation(postgres);
    this.server = connect({ ...host.upstream, allowHalfOpen: true, noDelay: true });
    client.setNoDelay(true);
    this.closed = Promise.all([closeOf(client), closeOf(this.server)]).then(() => undefined);
    void this.closed.then(() => this.ended.abort());
    void this.carry('toServer', client, this.server);
    void this.carry('toClient', this.server, client);
  }

  /** Cuts both sides. */
  cut(how: Cut): void {
    this.host.note(this.number, how === 'rst' ? 'reset' : 'finish');
    for (const socket of [this.client, this.server]) {
      if (how === 'rst') resetSocket(socket);
      // A peer that does not close its own half would keep the connection for ever.
      else socket.end(() => socket.destroySoon());
    }
    this.ended.abort();
  }

  /** Leaves nothing of it, at once. */
  destroy(): void {
    for (const socket of [this.client, this.server]) void destroySocket(socket);
    this.ended.abort();
  }

  /** After a fault that has swallowed bytes the two sides no longer understand each other. */
  recoverFrom(fault: Fault): void {
    if (this.lostTo.has(fault)) this.cut('rst');
  }

  private async carry(direction: Direction, source: Socket, sink: Socket): Promise<void> {
    let ending: Cut = 'fin';
    try {
      for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        await this.follow(direction, this.read(direction, chunk), sink);
        if (this.ended.signal.aborted) return;
      }
      const rest = this.conversation?.rest(direction);
      if (rest !== undefined) await this.follow(direction, rest, sink);
    } catch {
      ending = 'rst';
    }
    await this.finish(direction, sink, ending);
  }

  private read(direction: Direction, chunk: Buffer): Iterable<Step> {
    return this.conversation === undefined ? [{ pass: chunk }] : this.conversation[direction](chunk);
  }

  /** Takes the steps in order; neighbouring messages go on together, as they came. */
  private async follow(direction: Direction, steps: Iterable<Step>, sink: Socket): Promise<void> {
    let passing: Buffer[] = [];
    const flush = async () => {
      const bytes = passing.length === 1 ? passing[0]! : Buffer.concat(passing);
      passing = [];
      if (bytes.length > 0) await this.deliver(direction, bytes, sink, [...this.host.toxics]);
    };
    for (const step of steps) {
      if ('pass' in step) {
        passing.push(step.pass);
        continue;
      }
      await flush();
      if ('cut' in step) this.cut(step.cut);
      else if ('lose' in step) this.lostTo.add(step.lose);
      else await this.waitFor(step.waitFor);
      if (this.ended.signal.aborted) return;
    }
    await flush();
  }

  private async deliver(
    direction: Direction,
    bytes: Buffer,
    sink: Socket,
    [active, ...others]: readonly ActiveToxic[],
  ): Promise<void> {
    if (this.ended.signal.aborted) return;
    if (active === undefined) return await write(sink, bytes);
    const next = (part: Buffer) => this.deliver(direction, part, sink, others);
    if (!this.concerns(active, direction) || active.toxic.pass === undefined) return await next(bytes);
    active.fault.strike();
    await active.toxic.pass(bytes, this.streamOf(active, direction), next);
  }

  private async finish(direction: Direction, sink: Socket, ending: Cut): Promise<void> {
    for (const active of [...this.host.toxics]) {
      if (this.ended.signal.aborted) return;
      if (!this.concerns(active, direction) || active.toxic.end === undefined) continue;
      active.fault.strike();
      if (!(await active.toxic.end(this.streamOf(active, direction)))) return;
    }
    if (ending === 'rst') resetSocket(sink);
    else if (!sink.destroyed) sink.end();
  }

  private concerns({ toxic, fault }: ActiveToxic, direction: Direction): boolean {
    return !fault.isRemoved && (toxic.direction === undefined || toxic.direction === direction);
  }

  /** The same object for the same direction, so that a toxic can keep a count of its own. */
  private streamOf({ toxic, fault }: ActiveToxic, direction: Direction): ToxicStream {
    const streams = this.streams.get(toxic) ?? new Map<Direction, ToxicStream>();
    this.streams.set(toxic, streams);
    const stream = streams.get(direction) ?? {
      direction,
      random: () => this.host.random(),
      pause: (ms: number) => this.pause(ms, fault),
      untilRemoved: () => this.waitFor(fault),
      lose: () => void this.lostTo.add(fault),
      cut: (how: Cut) => this.cut(how),
    };
    streams.set(direction, stream);
    return stream;
  }

  private async pause(ms: number, fault: Fault): Promise<void> {
    // A timer takes a millisecond at least, which adds up where every byte waits.
    if (ms === 0) return await turn();
    const over = new AbortController();
    const signal = AbortSignal.any([this.ended.signal, over.signal]);
    await Promise.race([delay(ms, undefined, { signal }).catch(() => undefined), fault.removed]);
    over.abort();
  }

  private async waitFor(fault: Fault): Promise<void> {
    const { signal } = this.ended;
    if (signal.aborted) return;
    let wake!: () => void;
    const ended = new Promise<void>((resolve) => (wake = resolve));
    signal.addEventListener('abort', wake, { once: true });
    await Promise.race([fault.removed, ended]);
    signal.removeEventListener('abort', wake);
  }
}

function closeOf(socket: Socket): Promise<void> {
  // Why it broke is the business of the two directions; an 'error' without a listener would end the process.
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Resolves when the bytes are with the system, or the socket is gone. */
function write(sink: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (sink.destroyed || !sink.writable) resolve();
    else sink.write(bytes, () => resolve());
  });
}

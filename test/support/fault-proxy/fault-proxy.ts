import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ActionLog } from './action-log.js';
import { Fault } from './fault.js';
import type { ReplyAction, ReplyMatch, ReplyRule } from './postgres-rules.js';
import type { RequestAction, RequestMatch, RequestRule } from './postgres-rules.js';
import { ProxyLink } from './proxy-link.js';
import { destroySocket, resetSocket } from './socket-end.js';
import { seededRandom } from './seeded-random.js';
import type { ActiveToxic, Cut, Toxic } from './toxics.js';

const LOOPBACK = '127.0.0.1';
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'postgresql:': 5432,
  'postgres:': 5432,
  'redis:': 6379,
};

export interface FaultProxyOptions {
  /** The URL of the server, such as `database.url`. Of a PostgreSQL server the messages are read, of others bytes only. */
  readonly upstream: string;
  /** @default 1 */
  readonly seed?: number;
}

/**
 * A TCP proxy on the loopback in front of one server, for whatever goes wrong between the two.
 *
 * Faults are added and removed while connections run; without any the proxy is transparent. It is deterministic for a
 * seed, notes all it does in {@link log}, and after {@link close} nothing of it is left.
 */
export class FaultProxy implements AsyncDisposable {
  readonly log = new ActionLog();
  /** The texts of all statements that were sent to be run, in order. */
  readonly statements: string[] = [];
  private readonly links = new Set<ProxyLink>();
  private readonly silenced = new Set<Socket>();
  private readonly toxics: ActiveToxic[] = [];
  private readonly requestRules: RequestRule[] = [];
  private readonly replyRules: ReplyRule[] = [];
  private readonly upstream: URL;
  private readonly random: () => number;
  private readonly readsMessages: boolean;
  private server: Server | undefined;
  private portInUse = 0;
  private connections = 0;
  private answered = 0;

  private constructor({ upstream, seed = 1 }: FaultProxyOptions) {
    this.upstream = new URL(upstream);
    this.readsMessages = this.upstream.protocol.startsWith('postgres');
    this.random = seededRandom(seed);
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.accept();
    return proxy;
  }

  get port(): number {
    return this.portInUse;
  }

  /** The URL of the server, through the proxy. */
  get url(): string {
    const url = new URL(this.upstream);
    url.hostname = LOOPBACK;
    url.port = String(this.portInUse);
    return url.toString();
  }

  /** How many connections are open. */
  get openConnections(): number {
    return this.links.size;
  }

  /** How many connections were ever accepted: what reconnecting costs. */
  get acceptedConnections(): number {
    return this.connections;
  }

  /** How often the server has answered a Query or a Sync (ReadyForQuery), the start of a session left out. */
  get roundTrips(): number {
    return this.answered;
  }

  /** What `work` has cost in round trips. */
  async countRoundTrips(work: () => Promise<unknown>): Promise<number> {
    const before = this.answered;
    await work();
    return this.answered - before;
  }

  /** Puts a fault of the network in force, for connections that are open as well. */
  add(toxic: Toxic): Fault {
    const fault = this.createFault(toxic.name);
    this.toxics.push({ toxic, fault });
    return fault;
  }

  /** Puts a rule for messages of the client in force. */
  onRequest(match: RequestMatch, action: RequestAction, { times = 1 } = {}): Fault {
    this.assertReadsMessages();
    const fault = this.createFault(`${action.do} request`);
    this.requestRules.push({ match, action, times, fault });
    return fault;
  }

  /** Puts a rule for messages of the server in force. */
  onReply(match: ReplyMatch, action: ReplyAction, { times = 1 } = {}): Fault {
    this.assertReadsMessages();
    const fault = this.createFault(`${action.do} reply`);
    this.replyRules.push({ match, action, times, fault });
    return fault;
  }

  /** Cuts all connections that are open. */
  cut(how: Cut): void {
    for (const link of this.links) link.cut(how);
  }

  /** From now on new connections are refused; open ones stay. */
  refuse(): void {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    this.log.note(0, 'refuses connections');
    server.close();
  }

  /** Accepts connections, on the same port as before. */
  async accept(): Promise<void> {
    if (this.server !== undefined) return;
    const server = createServer({ allowHalfOpen: true }, (socket) => this.take(socket));
    this.server = server;
    server.listen(this.portInUse, LOOPBACK);
    await once(server, 'listening');
    this.portInUse = (server.address() as { port: number }).port;
    this.log.note(0, `accepts connections on port ${this.portInUse}`);
  }

  /** Removes all faults and accepts connections. */
  async heal(): Promise<void> {
    const faults = [...this.toxics, ...this.requestRules, ...this.replyRules].map(({ fault }) => fault);
    for (const fault of faults) fault.remove();
    await this.accept();
    this.log.note(0, 'healed');
  }

  /** Cuts what is open and leaves nothing behind; further calls do nothing. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = server === undefined ? undefined : once(server, 'close');
    server?.close();
    const ends = [...this.links].map((link) => link.closed);
    for (const link of this.links) link.destroy();
    for (const socket of this.silenced) void destroySocket(socket);
    await Promise.all([closed, ...ends]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private take(socket: Socket): void {
    const number = (this.connections += 1);
    const silent = this.toxics.find(({ toxic }) => toxic.silent);
    if (silent !== undefined) {
      silent.fault.strike();
      this.log.note(number, silent.toxic.name);
      this.silenced.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.silenced.delete(socket));
      // Read, so that the end of the client is noticed; what it says goes nowhere.
      socket.resume().once('end', () => socket.end());
      return;
    }
    this.log.note(number, 'accepted');
    const link = new ProxyLink(number, socket, this.linkHost(), this.conversationHost(number));
    this.links.add(link);
    void link.closed.then(() => {
      this.links.delete(link);
      this.log.note(number, 'closed');
    });
  }

  private linkHost() {
    const { toxics, random, log, upstream } = this;
    return {
      upstream: {
        host: upstream.hostname,
        port: Number(upstream.port || DEFAULT_PORTS[upstream.protocol]),
      },
      toxics,
      random,
      note: (connection: number, action: string) => log.note(connection, action),
    };
  }

  private conversationHost(connection: number) {
    if (!this.readsMessages) return undefined;
    return {
      requestRules: this.requestRules,
      replyRules: this.replyRules,
      note: (action: string) => this.log.note(connection, action),
      executed: (statement: string) => void this.statements.push(statement),
      roundTrip: () => void (this.answered += 1),
    };
  }

  private createFault(name: string): Fault {
    this.log.note(0, `adds ${name}`);
    return new Fault(name, (fault) => {
      this.log.note(0, `removes ${name}`);
      for (const list of [this.toxics, this.requestRules, this.replyRules]) {
        const index = list.findIndex((entry) => entry.fault === fault);
        if (index >= 0) list.splice(index, 1);
      }
      for (const link of this.links) link.recoverFrom(fault);
      for (const socket of name === 'silence' ? this.silenced : []) resetSocket(socket);
    });
  }

  private assertReadsMessages(): void {
    if (this.readsMessages) return;
    throw new Error(`Rules are for PostgreSQL; ${this.upstream.protocol} is passed through unread.`);
  }
}

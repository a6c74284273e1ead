import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InvalidOptionsError } from '../config/config.errors.js';
import { ShuttingDownError } from '../errors/connection.errors.js';
import type { DatabaseStateControl } from './database-state.control.js';
import { asHttpServer, HttpDrain } from './http-drain.js';

const LOGGER = 'DatabaseModule';
/** The part of the whole time that is kept for requests to be answered after their connections were cut. */
const RESERVE_RATIO = 0.2;
const MAX_RESERVE_MS = 1_000;

/** Something that one connection of an application works on alone. */
export interface Holding {
  /** The same for the same thing. */
  readonly id: string;
  /** The option that makes it do so. */
  readonly option: string;
  /** What would happen if two did, and what to do instead. */
  readonly problem: string;
}

/** A connection as the shutdown sees it. */
export interface ShutdownMember {
  readonly state: DatabaseStateControl;
  readonly shutdown: { readonly timeoutMs: number; readonly drainMs: number };
  /** What no other connection of the application may work on as well. */
  readonly holdings?: readonly Holding[];
  /**
   * Closes within `timeoutMs`, by force at the end of it; only what must not be cut is waited for longer, at most for
   * `limitMs`. Never rejects, further calls share the first one's result.
   */
  close(timeoutMs: number, limitMs?: number): Promise<void>;
}

/**
 * Closes every connection of one application, in the order in which nothing that was accepted is lost.
 *
 * 1. First hook: readiness says no, responses ask their clients to connect anew, the one deadline starts.
 * 2. After SIGTERM, where HTTP listens: a pause in which everything is still served and load balancers turn away.
 * 3. Nest lets HTTP drain; then the connections are closed.
 *
 * Requests that are still busy shortly before the deadline lose their database connections, so that they end, and at
 * the deadline HTTP is cut as well. No hook throws: Nest would end the process and skip the hooks that follow.
 */
@Injectable()
export class ShutdownCoordinator
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly members = new Map<string, ShutdownMember>();
  private abandoned = false;
  private run: ShutdownRun | undefined;
  private drain: HttpDrain | undefined;
  private listening: { unsubscribe(): void } | undefined;

  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  /**
   * Takes the name of a connection before it is opened.
   *
   * @throws {@link InvalidOptionsError} when the application has a connection of this name already, or one that works on the
   *   same as this one
   */
  reserve(name: string, member: ShutdownMember): void {
    if (this.members.has(name)) {
      throw new InvalidOptionsError('DatabaseModule', [
        {
          path: 'name',
          problem: `is "${name}", which another DatabaseModule of this application has already. Give each connection a name of its own, and import one registration everywhere instead of repeating it.`,
        },
      ]);
    }
    for (const [other, { holdings = [] }] of this.members) {
      const shared = member.holdings?.find(({ id }) => holdings.some((each) => each.id === id));
      if (shared !== undefined)
        throw InvalidOptionsError.at(
          `DatabaseModule (connection "${name}")`,
          shared.option,
          `works on the same tables as that of the connection "${other}": ${shared.problem}`,
        );
    }
    this.members.set(name, member);
  }

  /** The names of all connections, in the order in which they were opened. */
  get names(): readonly string[] {
    return [...this.members.keys()];
  }

  /** Closes what is open after a start that failed: Nest runs no hook of an application that does not exist. */
  async abandonStart(): Promise<void> {
    this.abandoned = true;
    await this.closeAll(0);
  }

  /**
   * Refuses a connection that comes after another one's failure has ended the start: nobody would close it.
   *
   * @throws {@link ShuttingDownError} when the start was abandoned
   */
  throwIfAbandoned(name: string): void {
    if (this.abandoned) throw new ShuttingDownError({ target: { kind: 'postgres', connection: name } });
  }

  onApplicationBootstrap(): void {
    const server = this.server();
    if (server !== undefined) this.drain ??= new HttpDrain(server);
    this.listening ??= this.host.listen$.subscribe(() => {
      // Some call `enableShutdownHooks()` right after `listen()`.
      setImmediate(() => {
        this.warnWithoutHooks();
      });
    });
  }

  onModuleDestroy(): void {
    this.listening?.unsubscribe();
    this.listening = undefined;
    if (this.run !== undefined || this.members.size === 0) return;
    for (const { state } of this.members.values()) state.move('draining', 'The application is closing.');
    this.run = new ShutdownRun(this.timeoutMs(), this.drain, (limitMs) => this.closeAll(0, limitMs));
  }

  async beforeApplicationShutdown(signal?: string): Promise<void> {
    const listens = this.server()?.listening === true;
    // Ctrl-C and `app.close()` have somebody waiting in front of them, and no load balancer.
    if (this.run === undefined || signal !== 'SIGTERM' || !listens) return;
    const drainMs = Math.max(...[...this.members.values()].map(({ shutdown }) => shutdown.drainMs));
    const left = drainMs - this.run.elapsedMs();
    if (left > 0) await delay(left);
  }

  async onApplicationShutdown(): Promise<void> {
    const { run } = this;
    await this.closeAll(run?.leftMs() ?? this.timeoutMs(), run?.untilDeadlineMs() ?? this.timeoutMs());
    run?.end();
    this.drain?.end();
    this.drain = undefined;
  }

  private async closeAll(timeoutMs: number, limitMs?: number): Promise<void> {
    await Promise.all(
      [...this.members.values()].map(async (member) => {
        try {
          await member.close(timeoutMs, limitMs);
        } catch (error) {
          Logger.error(`Closing a connection failed: ${String(error)}`, LOGGER);
        }
      }),
    );
  }

  private timeoutMs(): number {
    return Math.max(0, ...[...this.members.values()].map(({ shutdown }) => shutdown.timeoutMs));
  }

  private server(): Server | undefined {
    // Outside of HTTP there is no adapter, whatever the type says.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined | null;
    return asHttpServer(adapter?.getHttpServer());
  }

  private warnWithoutHooks(): void {
    if (process.listenerCount('SIGTERM') > 0 || this.run !== undefined) return;
    Logger.warn(
      'Nothing listens to SIGTERM: the process will be cut off in the middle of its requests. Call `app.enableShutdownHooks()` before `app.listen()`.',
      LOGGER,
    );
  }
}

/** One shutdown with its deadline. */
class ShutdownRun {
  private readonly started = performance.now();
  private readonly cutAfterMs: number;
  private readonly timers: NodeJS.Timeout[];

  constructor(
    private readonly timeoutMs: number,
    drain: HttpDrain | undefined,
    cut: (limitMs: number) => Promise<void>,
  ) {
    this.cutAfterMs = timeoutMs - Math.min(MAX_RESERVE_MS, timeoutMs * RESERVE_RATIO);
    drain?.begin();
    this.timers = [
      setTimeout(() => {
        Logger.warn(
          `Requests are still busy ${Math.round(this.cutAfterMs)} ms after the shutdown began; their database connections are cut now.`,
          LOGGER,
        );
        void cut(this.untilDeadlineMs());
      }, this.cutAfterMs),
      setTimeout(() => {
        drain?.cut();
      }, timeoutMs),
    ];
    for (const timer of this.timers) timer.unref();
  }

  elapsedMs(): number {
    return performance.now() - this.started;
  }

  /** What is left of the whole time. */
  untilDeadlineMs(): number {
    return Math.max(0, Math.round(this.timeoutMs - this.elapsedMs()));
  }

  /** What is left for closing the connections. */
  leftMs(): number {
    return Math.max(0, Math.round(this.cutAfterMs - this.elapsedMs()));
  }

  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }
}

import { expect } from '@jest/globals';
import { Injectable, type INestApplicationContext, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PrismaPg } from '@prisma/adapter-pg';
import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import { PrismaClient } from '../../../apps/shop/src/generated/prisma/client.js';
import {
  DatabaseError,
  DatabaseModule,
  Database,
  PrismaService,
  RepositoryFor,
  TransactionManager,
  translateError,
  type DatabaseModuleOptions,
} from '../../../libs/database/src/index.js';
import { databaseModule } from '../database-application.js';
import { FaultProxy } from '../fault-proxy/index.js';
import { Stopwatch } from '../stopwatch.js';
import { until } from '../until.js';
import { findSecrets } from './secret-scan.js';

declare global {
  /** See `incident-environment.mjs`. */
  var incidents: string[];
}

@Injectable()
export class CategoryRepository extends RepositoryFor('category') {}

/** Bounds that a test can wait for; the defaults of the library are longer. */
export const FAST = {
  pool: { max: 4, min: 0, acquireTimeoutMs: 2_000, connectTimeoutMs: 1_900 },
  timeouts: { statementMs: 1_500, lockMs: 600, idleInTransactionMs: 5_000, graceMs: 300 },
  transaction: { timeoutMs: 4_000, maxWaitMs: 2_000 },
  startup: { attempts: 1 },
  shutdown: { timeoutMs: 3_000, drainMs: 0 },
} as const satisfies Partial<DatabaseModuleOptions>;

/** How long recovery may take once the fault is gone. */
export const RECOVERY_MS = 2_000;

/** What the promise of a timer may be late by on a machine that does other things as well. */
export const NOISE_MS = 1_500;

export const category = (name: string) => ({ data: { name, slug: name } });

/** What came of a call that was meant to fail. */
export interface Failure {
  readonly error: any;
  /** Without the time that the machine gave to others alone: what a limit may be compared with. */
  readonly tookMs: number;
  readonly elapsedMs: number;
}

interface BenchOptions {
  readonly url: string;
  /** Whether the application connects past the proxy: to a server that is dead, which behind a proxy would not refuse. */
  readonly direct?: boolean;
  readonly module?: Partial<DatabaseModuleOptions>;
}

/**
 * An application on the library behind a fault proxy, the naive setup beside it, and the oracle for both: whatever the
 * fault, {@link close} checks that nothing was unhandled, no secret was shown, and everything is as before.
 */
export class FaultBench {
  private readonly seen: unknown[] = [];
  private readonly naiveClients: PrismaClient[] = [];
  private readonly incidentsBefore = globalThis.incidents.length;

  private constructor(
    readonly proxy: FaultProxy,
    readonly application: INestApplicationContext,
    private readonly output: string[],
    private readonly url: string,
  ) {}

  static async open({ url, direct = false, module }: BenchOptions): Promise<FaultBench> {
    const proxy = await FaultProxy.start({ upstream: url });
    const output: string[] = [];
    try {
      const imports = [
        databaseModule({ url: direct ? url : proxy.url }, { ...FAST, ...module }),
        DatabaseModule.forFeature([CategoryRepository]),
      ];
      const application = await NestFactory.createApplicationContext(
        { module: class FaultApplicationModule {}, imports },
        { logger: collector(output), abortOnError: false },
      );
      return new FaultBench(proxy, application, output, direct ? url : proxy.url);
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  get prisma(): PrismaService {
    return this.application.get(PrismaService);
  }

  get db(): Database {
    return this.application.get(Database);
  }

  get transactions(): TransactionManager {
    return this.application.get(TransactionManager);
  }

  get categories(): CategoryRepository {
    return this.application.get(CategoryRepository);
  }

  /** What the library has logged. */
  get logged(): readonly string[] {
    return this.output;
  }

  /** A bare PrismaClient over the driver adapter, as the manual of Prisma shows it; the same proxy is in front. */
  naive(config: pg.PoolConfig = {}): PrismaClient {
    const adapter = new PrismaPg({ connectionString: this.url, ...config });
    const client = new PrismaClient({ adapter });
    this.naiveClients.push(client);
    return client;
  }

  /** The failure of `work`, which must not succeed; remembered for the scan for secrets. */
  async failure(work: PromiseLike<unknown>): Promise<Failure> {
    const stopwatch = new Stopwatch();
    const error = await work.then(
      (result) => new Error(`It succeeded: ${JSON.stringify(result)}`),
      (thrown: unknown) => thrown,
    );
    const times = stopwatch.stop();
    this.seen.push(error);
    return { error, ...times };
  }

  /** The failure of `work`, which has to be one of the library's own errors with one of these codes. */
  async refusal(work: PromiseLike<unknown>, ...codes: string[]): Promise<Failure> {
    const failure = await this.failure(work);
    const { error } = failure;
    if (!(error instanceof DatabaseError)) throw error;
    expect(codes).toContain(error.code);
    return failure;
  }

  /** How the library sees the failure of `work` on `PrismaService`, where the server's replies stay Prisma's errors. */
  async verdict(work: PromiseLike<unknown>, ...codes: string[]): Promise<Failure> {
    const failure = await this.failure(work);
    const translated = translateError(failure.error);
    this.seen.push(translated);
    expect(codes).toContain(translated.code);
    return { ...failure, error: translated };
  }

  /** Waits until all connections through the proxy are closed and the application has heard of it. */
  async isDisconnected(): Promise<void> {
    expect(await until(() => this.proxy.openConnections === 0, 5_000)).toBe(true);
    // The other end of each socket is in this process as well: its events come in the next turns of the loop.
    for (let count = 0; count < 5; count++) await turn();
  }

  /** Remembers a failure for the scan for secrets; gives it as the library sees it. */
  note(error: unknown): DatabaseError {
    const translated = translateError(error);
    this.seen.push(error, translated);
    return translated;
  }

  /** The number of connections of the pool, and of those that are lent out. */
  async usage(): Promise<{ total: number; active: number; waiting: number }> {
    const { details } = await this.prisma.checkHealth();
    return details as unknown as { total: number; active: number; waiting: number };
  }

  /** The server's process that a statement of the application runs in. */
  async backend(): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    return row?.pid ?? 0;
  }

  /** Whether a query succeeds in time; how long it took. */
  async recovers(withinMs = RECOVERY_MS): Promise<number> {
    const started = performance.now();
    let last: unknown;
    const works = () =>
      this.prisma.category.count().then(
        () => true,
        (error: unknown) => {
          this.seen.push((last = error));
          return false;
        },
      );
    if (!(await until(works, withinMs))) throw new Error('It does not recover.', { cause: last });
    return performance.now() - started;
  }

  /** Heals, lets the oracle judge, and leaves nothing behind. */
  async close(database?: { sessions(): Promise<readonly unknown[]> }): Promise<void> {
    try {
      await this.proxy.heal();
      await this.recovers();
      await this.closeClients();
      if (database !== undefined) {
        const left = async () => (await database.sessions()).length;
        expect(await until(async () => (await left()) === 0, 3_000)).toBe(true);
      }
    } finally {
      await this.closeClients();
      await this.proxy.close();
    }
    this.judge();
  }

  /** Ends the application without the check that it has recovered. */
  async closeClients(): Promise<void> {
    await Promise.all([
      this.application.close(),
      ...this.naiveClients.splice(0).map((client) => client.$disconnect().catch(() => undefined)),
    ]);
  }

  private judge(): void {
    expect(globalThis.incidents.slice(this.incidentsBefore)).toEqual([]);
    expect(findSecrets([...this.seen, ...this.output])).toEqual([]);
  }
}

function collector(output: string[]): LoggerService {
  const note = (...parts: unknown[]) => void output.push(parts.map(String).join(' '));
  return { log: note, error: note, warn: note, debug: note, verbose: note, fatal: note };
}

/** A promise that is looked at later, so that its rejection is not one that nobody handles. */
export function held<T>(promise: PromiseLike<T>): { settled: boolean; promise: Promise<T> } {
  const watched = { settled: false, promise: Promise.resolve(promise) };
  const settle = () => void (watched.settled = true);
  watched.promise.then(settle, settle);
  return watched;
}

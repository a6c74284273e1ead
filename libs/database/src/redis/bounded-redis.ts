import { inspect } from 'node:util';
import { Redis, type Command, type RedisOptions } from 'ioredis';

const LOOK_EVERY_MS = 100;

/**
 * Where the commands that block on the server hold their timeout, read in milliseconds; ioredis 5 cannot tell.
 */
const BLOCKING = new Map<string, (args: Command['args']) => number | undefined>([
  ...['blpop', 'brpop', 'brpoplpush', 'blmove', 'bzpopmin', 'bzpopmax'].map(
    (name) => [name, (args: Command['args']) => Number(args.at(-1)) * 1_000] as const,
  ),
  ...['blmpop', 'bzmpop'].map((name) => [name, (args: Command['args']) => Number(args[0]) * 1_000] as const),
  ...['wait', 'waitaof'].map((name) => [name, (args: Command['args']) => Number(args.at(-1))] as const),
  ...['xread', 'xreadgroup'].map((name) => [name, blockOption] as const),
]);

interface WatchedCommand {
  readonly command: Command;
  readonly dueAt: number;
}

/**
 * An ioredis client whose every command settles within a limit, with one timer for all of them.
 *
 * ioredis' own `commandTimeout` starts and clears a timer for each command, which costs a busy client some 7 % of its
 * throughput. The error is the same. A command that blocks on the server is given the time it asked for on top of the
 * limit, and no limit where it asked to wait for ever: giving up earlier would lose the element it pops.
 */
export class BoundedRedis extends Redis {
  private readonly watched: WatchedCommand[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    source: string | RedisOptions,
    options: Omit<RedisOptions, 'replyMapping'>,
    private readonly limitMs: number,
  ) {
    // ioredis takes a URL or options in either place; its types know the order with the URL only.
    super(source as string, options);
    this.on('end', () => {
      this.stop();
    });
  }

  override sendCommand(...parameters: Parameters<Redis['sendCommand']>): unknown {
    const result = super.sendCommand(...parameters);
    const [command] = parameters;
    const blockingMs = blockingTime(command);
    if (blockingMs === Infinity) return result;
    this.watched.push({ command, dueAt: performance.now() + blockingMs + this.limitMs });
    this.timer ??= setInterval(() => {
      this.look();
    }, LOOK_EVERY_MS).unref();
    return result;
  }

  /** Sends without the limit: settles with the reply or with the end of the connection, and so tells which came. */
  sendUnlimited(command: Command): Promise<unknown> {
    super.sendCommand(command);
    return command.promise;
  }

  /** ioredis would return a client without the limit, which prints its password. */
  override duplicate<Override extends Partial<RedisOptions> | undefined = undefined>(
    override?: Override,
  ): ReturnType<typeof Redis.prototype.duplicate<Override>> {
    const copy: Redis = new BoundedRedis({ ...this.options, ...override }, {}, this.limitMs);
    return copy as ReturnType<typeof Redis.prototype.duplicate<Override>>;
  }

  /** ioredis keeps the password among its options, and prints it with them. */
  [inspect.custom](): string {
    const { endpoint, status } = this.toJSON();
    return `Redis { endpoint: '${endpoint}', status: '${status}' }`;
  }

  /** Endpoint and status; keeps the password out of serialised objects. */
  toJSON(): { readonly endpoint: string; readonly status: string } {
    const { path, host, port } = this.options;
    return { endpoint: path ?? `${host}:${port}`, status: this.status };
  }

  private look(): void {
    const now = performance.now();
    const overdue = this.watched.filter(({ command, dueAt }) => !command.isResolved && dueAt <= now);
    const pending = this.watched.filter(({ command, dueAt }) => !command.isResolved && dueAt > now);
    this.watched.splice(0, Infinity, ...pending);
    for (const { command } of overdue) command.reject(new Error('Command timed out'));
    if (pending.length === 0) this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** How long the server may hold the command back by its own wish, in milliseconds. */
function blockingTime({ name, args }: Command): number {
  const find = BLOCKING.get(name.toLowerCase());
  const ms = find === undefined ? undefined : find(args);
  // Of what is no number, or below zero, the server complains at once.
  if (ms === undefined || !(ms >= 0)) return 0;
  return ms === 0 ? Infinity : ms;
}

/** The time after BLOCK, which comes before the names of the streams: one of them may be called "block". */
function blockOption(args: Command['args']): number | undefined {
  const words = args.map((arg) => String(arg).toLowerCase());
  const at = words.indexOf('block');
  return at === -1 || at > words.indexOf('streams') ? undefined : Number(words[at + 1]);
}

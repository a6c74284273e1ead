import { inspect } from 'node:util';
import { Redis, type ChainableCommander, type Command, type RedisOptions } from 'ioredis';

const LOOK_EVERY_MS = 100;

/**
 * Where the commands that block on the server hold their timeout, read in milliseconds; ioredis 5 cannot tell.
 */
export const BLOCKING = new Map<string, (args: Command['args']) => number | undefined>([
  ...['blpop', 'brpop', 'brpoplpush', 'blmove', 'bzpopmin', 'bzpopmax'].map(
    (name) => [name, (args: Command['args']) => Number(args.at(-1)) * 1_000] as const,
  ),
  ...['blmpop', 'bzmpop'].map((name) => [name, (args: Command['args']) => Number(args[0]) * 1_000] as const),
  // Of Redis 8.10: options follow its timeout.
  ['blmovem', (args: Command['args']) => Number(args[4]) * 1_000] as const,
  ...['wait', 'waitaof'].map((name) => [name, (args: Command['args']) => Number(args.at(-1))] as const),
  ...['xread', 'xreadgroup'].map((name) => [name, blockOption] as const),
]);

/** The first letters of the commands above: asked for each command, which an expression or a lower-cased copy would slow. */
const BLOCKING_LETTERS = new Set(
  [...BLOCKING.keys()].flatMap((name) => {
    const letter = name.charCodeAt(0);
    return [letter, String.fromCharCode(letter).toUpperCase().charCodeAt(0)];
  }),
);

/**
 * With so many on the list the settled ones are let go without waiting for the timer: a busy client would keep
 * thousands of commands alive just long enough for the garbage collector to move each of them.
 */
const LIST_LENGTH = 128;

interface WatchedCommand {
  readonly command: Command;
  /** The look, counted from the first, that finds it overdue. */
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
  private watched: WatchedCommand[] = [];
  private tidyAt = LIST_LENGTH;
  /** Counts the looks. It is the clock of the deadlines: while the process was stopped no answer could be read either. */
  private looks = 0;
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

  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    const result = super.sendCommand(command, stream);
    const blockingMs = BLOCKING_LETTERS.has(command.name.charCodeAt(0)) ? blockingTime(command) : 0;
    if (blockingMs === Infinity) return result;
    if (this.watched.length >= this.tidyAt) this.keep(({ command: { isResolved } }) => !isResolved);
    this.watched.push({
      command,
      dueAt: this.looks + Math.ceil((blockingMs + this.limitMs) / LOOK_EVERY_MS) + 1,
    });
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

  override pipeline(commands?: unknown[][]): ChainableCommander {
    return withoutOptions(super.pipeline(commands));
  }

  override multi(options: { pipeline: false }): Promise<'OK'>;
  override multi(options?: { pipeline: true }): ChainableCommander;
  override multi(commands?: unknown[][]): ChainableCommander;
  override multi(...parameters: unknown[]): Promise<'OK'> | ChainableCommander {
    // Which of its forms it is decides the value; the types of ioredis want to know it here.
    const begun: Promise<'OK'> | ChainableCommander = super.multi(...(parameters as [{ pipeline: false }]));
    return begun instanceof Promise ? begun : withoutOptions(begun);
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
    this.looks += 1;
    for (const { command, dueAt } of this.watched) {
      if (!command.isResolved && dueAt <= this.looks) command.reject(new Error('Command timed out'));
    }
    this.keep(({ command, dueAt }) => !command.isResolved && dueAt > this.looks);
    if (this.watched.length === 0) this.stop();
  }

  private keep(pending: (watched: WatchedCommand) => boolean): void {
    this.watched = this.watched.filter(pending);
    // With a share of the list as room to grow, tidying costs the same for each command, however many are open.
    this.tidyAt = Math.max(LIST_LENGTH, 2 * this.watched.length);
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** A pipeline has the options of its client, and would print the password among them. */
function withoutOptions(pipeline: ChainableCommander): ChainableCommander {
  return Object.defineProperties(pipeline, PRINTED);
}

const PRINTED: PropertyDescriptorMap = {
  [inspect.custom]: {
    value(this: ChainableCommander): string {
      return `Pipeline { length: ${this.length} }`;
    },
  },
  toJSON: {
    value(this: ChainableCommander): { readonly length: number } {
      return { length: this.length };
    },
  },
};

/** How long the server may hold the command back by its own wish, in milliseconds. */
export function blockingTime({ name, args }: Pick<Command, 'name' | 'args'>): number {
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

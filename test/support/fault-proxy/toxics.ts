import type { Fault } from './fault.js';

/** Which way bytes go. */
export type Direction = 'toServer' | 'toClient';

/** How a connection is cut: `rst` loses what is under way, `fin` is an orderly end. */
export type Cut = 'rst' | 'fin';

/** What a toxic may do to one direction of one connection. */
export interface ToxicStream {
  readonly direction: Direction;
  /** A number in [0, 1) from the proxy's seed. */
  random(): number;
  /** Waits; shorter when the connection or the fault ends. */
  pause(ms: number): Promise<void>;
  /** Waits until the fault or the connection ends. */
  untilRemoved(): Promise<void>;
  /** Says that bytes are gone for good; the connection is reset when the fault ends. */
  lose(): void;
  cut(how: Cut): void;
}

/** A fault of the network, applied to bytes whatever they mean. */
export interface Toxic {
  readonly name: string;
  /** Left out: both directions. */
  readonly direction?: Direction;
  /** Gets every piece of data and hands on what it lets through. */
  pass?(bytes: Buffer, stream: ToxicStream, next: (bytes: Buffer) => Promise<void>): Promise<void>;
  /** Gets the end of the direction; false keeps it from the other side. */
  end?(stream: ToxicStream): Promise<boolean>;
  /** New connections are taken and never connected to the server. */
  readonly silent?: true;
}

interface Directed {
  readonly direction?: Direction;
}

const directed = ({ direction }: Directed) => (direction === undefined ? {} : { direction });

/** Delays every piece by `ms` ± `jitterMs`; the order of bytes is kept. */
export function latency({ ms, jitterMs = 0, ...rest }: { ms: number; jitterMs?: number } & Directed): Toxic {
  return {
    name: `latency ${ms} ± ${jitterMs} ms`,
    ...directed(rest),
    async pass(bytes, stream, next) {
      await stream.pause(Math.max(0, ms + (stream.random() * 2 - 1) * jitterMs));
      await next(bytes);
    },
  };
}

/** Lets at most so many bytes a second through. */
export function bandwidth({ bytesPerSecond, ...rest }: { bytesPerSecond: number } & Directed): Toxic {
  const portion = Math.max(1, Math.floor(bytesPerSecond / 20));
  return {
    name: `bandwidth ${bytesPerSecond} B/s`,
    ...directed(rest),
    async pass(bytes, stream, next) {
      for (let start = 0; start < bytes.length; start += portion) {
        const part = bytes.subarray(start, start + portion);
        await stream.pause((part.length / bytesPerSecond) * 1_000);
        await next(part);
      }
    },
  };
}

/** Sends pieces of at most `bytes` bytes, each as a segment of its own. */
export function slicer({ bytes: size, ...rest }: { bytes: number } & Directed): Toxic {
  return {
    name: `slicer ${size} B`,
    ...directed(rest),
    async pass(bytes, stream, next) {
      for (let start = 0; start < bytes.length; start += size) {
        await next(bytes.subarray(start, start + size));
        await stream.pause(0);
      }
    },
  };
}

/** Packets vanish, the end of the connection included: neither side learns anything. */
export function drop(direction?: Direction): Toxic {
  const swallow = async (stream: ToxicStream) => {
    stream.lose();
    return false;
  };
  return {
    name: 'drop',
    ...(direction === undefined ? {} : { direction }),
    async pass(_bytes, stream) {
      await swallow(stream);
    },
    end: swallow,
  };
}

/** Nothing goes on, nothing is lost: what is held back goes on when the toxic is removed. */
export function stall(direction?: Direction): Toxic {
  return {
    name: 'stall',
    ...(direction === undefined ? {} : { direction }),
    async pass(bytes, stream, next) {
      await stream.untilRemoved();
      await next(bytes);
    },
    async end(stream) {
      await stream.untilRemoved();
      return true;
    },
  };
}

/** Lets `bytes` bytes of each connection through and then cuts it. */
export function limitData({
  bytes: limit,
  then = 'rst',
  ...rest
}: { bytes: number; then?: Cut } & Directed): Toxic {
  const passed = new WeakMap<ToxicStream, number>();
  return {
    name: `limit ${limit} B`,
    ...directed(rest),
    async pass(bytes, stream, next) {
      const before = passed.get(stream) ?? 0;
      passed.set(stream, before + bytes.length);
      const part = bytes.subarray(0, Math.max(0, limit - before));
      if (part.length > 0) await next(part);
      if (before + bytes.length >= limit) stream.cut(then);
    },
  };
}

/** The end of a connection takes `ms` longer to arrive. */
export function slowClose({ ms, ...rest }: { ms: number } & Directed): Toxic {
  return {
    name: `slow close ${ms} ms`,
    ...directed(rest),
    async end(stream) {
      await stream.pause(ms);
      return true;
    },
  };
}

/** New connections are accepted and never answered, as by a server that is stopped. */
export function silence(): Toxic {
  return { name: 'silence', silent: true };
}

/** A toxic that is in force. */
export interface ActiveToxic {
  readonly toxic: Toxic;
  readonly fault: Fault;
}

import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { OutboxOptions } from '../../../libs/database/src/index.js';
import { ProcessGroup } from '../../support/process-group.js';

const PROGRAM = fileURLToPath(new URL('./outbox-program.mjs', import.meta.url));

/** What an instance does. */
export interface InstanceSettings {
  readonly deliver: boolean;
  readonly write?: { readonly keys: readonly string[]; readonly count: number };
  /** Kills itself at the `times`th event of the channel. */
  readonly kill?: { readonly channel: string; readonly times: number };
  /** Publishes after the commit instead of writing to the outbox. */
  readonly naive?: boolean;
  /** Some messages fail, some of them for good. */
  readonly failing?: boolean;
  readonly outbox?: OutboxOptions;
}

/** A line of the journal. */
export interface JournalLine {
  readonly event: string;
  readonly key: string;
  readonly number: number;
  readonly id: string;
  readonly name: string;
}

/** Instances of an application with an outbox in processes of their own, and what they have noted. */
export class OutboxProcesses extends ProcessGroup {
  constructor(url: string) {
    super(PROGRAM, { url });
  }

  override start(name: string, settings: InstanceSettings): ChildProcess {
    return super.start(name, settings);
  }

  /** Runs an instance until it is dead, which it must be by its own hand. */
  async runUntilKilled(name: string, settings: InstanceSettings): Promise<void> {
    await this.killed(this.start(name, settings), name);
  }

  /** Runs an instance that writes, to its end. */
  async runToEnd(name: string, settings: InstanceSettings): Promise<void> {
    await this.ended(this.start(name, settings), name);
  }

  lines(event?: string): JournalLine[] {
    return this.words()
      .map((words) => {
        const [happened = '', key = '', number = '', id = '', name = ''] = words;
        return { event: happened, key, number: Number(number), id, name };
      })
      .filter((line) => event === undefined || line.event === event);
  }
}

/** What the journal holds against the promises of the outbox; every list is to be empty. */
export function findBroken(lines: readonly JournalLine[], expected: readonly string[]): object {
  const delivered = lines.filter(({ event }) => event === 'delivered');
  const idOf = new Map<string, string>();
  const firsts: JournalLine[] = [];
  const twoIds: string[] = [];
  for (const line of delivered) {
    const place = `${line.key}:${line.number}`;
    const known = idOf.get(place);
    if (known === undefined) {
      idOf.set(place, line.id);
      firsts.push(line);
    } else if (known !== line.id) {
      twoIds.push(place);
    }
  }
  const last = new Map<string, number>();
  const outOfOrder = firsts.filter(({ key, number }) => {
    const before = last.get(key) ?? 0;
    last.set(key, Math.max(before, number));
    return number < before;
  });
  return {
    lost: expected.filter((place) => !idOf.has(place)),
    neverWritten: [...idOf.keys()].filter((place) => !expected.includes(place)),
    twoIds,
    outOfOrder: outOfOrder.map(({ key, number }) => `${key}:${number}`),
  };
}

export const NOTHING_BROKEN = { lost: [], neverWritten: [], twoIds: [], outOfOrder: [] };

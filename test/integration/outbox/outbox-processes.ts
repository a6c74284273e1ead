import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OutboxOptions } from '../../../libs/database/src/index.js';
import { until } from '../../support/until.js';

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

/** Instances of an application in processes of their own, and what they have noted. */
export class OutboxProcesses {
  private readonly directory = mkdtempSync(join(tmpdir(), 'outbox-'));
  private readonly journal = join(this.directory, 'journal');
  private readonly children: ChildProcess[] = [];
  private log = '';

  constructor(private readonly url: string) {
    writeFileSync(this.journal, '');
  }

  start(name: string, settings: InstanceSettings): ChildProcess {
    const given = JSON.stringify({ url: this.url, journal: this.journal, name, ...settings });
    const child = spawn(process.execPath, [PROGRAM, given], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' },
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    this.children.push(child);
    return child;
  }

  /** Runs an instance until it is dead, which it must be by its own hand. */
  async runUntilKilled(name: string, settings: InstanceSettings): Promise<void> {
    const child = this.start(name, settings);
    const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal !== 'SIGKILL') throw new Error(`${name} was not killed.\n${this.log}`);
  }

  /** Runs an instance that writes, to its end. */
  async runToEnd(name: string, settings: InstanceSettings): Promise<void> {
    const child = this.start(name, settings);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${name} ended with ${code}.\n${this.log}`);
  }

  lines(event?: string): JournalLine[] {
    const lines = readFileSync(this.journal, 'utf8').split('\n').slice(0, -1);
    return lines
      .map((line) => {
        const [happened = '', key = '', number = '', id = '', name = ''] = line.split(' ');
        return { event: happened, key, number: Number(number), id, name };
      })
      .filter((line) => event === undefined || line.event === event);
  }

  async said(event: string, name: string, timeoutMs = 20_000): Promise<void> {
    const found = () => this.lines(event).some((line) => line.name === name);
    if (!(await until(found, timeoutMs))) throw new Error(`${name} has not said "${event}".\n${this.log}`);
  }

  /** Asks every instance to close, and waits for it. */
  async closeAll(): Promise<void> {
    await Promise.all(
      this.children.splice(0).map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.stdin?.end();
        await once(child, 'close');
      }),
    );
  }

  async destroy(): Promise<void> {
    for (const child of this.children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    rmSync(this.directory, { recursive: true });
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

import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { SagaCapabilities } from '../../saga/saga-engine.port.js';
import { SAGA_CHANNELS, type SagaProgressEvent } from '../../saga/saga.events.js';
import { eventually, within } from './conformance-checks.js';
import { ConformanceFailure, shown } from './conformance-failure.js';
import type { ConformanceEffects, SagaEngineHarness } from './conformance-harness.js';
import { FakeSystem } from './fake-system.js';
import type { Definition, MemberOptions } from './definition.js';
import { Member } from './member.js';
import { MemoryEffects } from './memory-effects.js';
import { stepsOf, type AnyContext, type Script, type ScriptStep } from './script.js';

/** A handler that was called. */
export interface Visit {
  readonly member: Member;
  readonly saga: string;
  readonly key: string;
  readonly step: string;
  readonly direction: 'do' | 'undo';
  readonly attempt: number;
  readonly idempotencyKey: string | undefined;
  readonly doKey: string | undefined;
  readonly input: unknown;
  /** What is to be taken back. */
  readonly output: unknown;
  /** What the steps before have returned. */
  readonly out: object;
  /** Whether it was called in a transaction. */
  readonly inTransaction: boolean;
  readonly signal: AbortSignal;
}

type Hook = (visit: Visit) => unknown;

/** A lease that nobody loses by chance. */
const LONG_LEASE_MS = 60_000;

/** What one case plays in: its applications, the other system, and all that has happened. */
export class Scene {
  readonly system = new FakeSystem();
  readonly visits: Visit[] = [];
  readonly events: SagaProgressEvent[] = [];
  readonly members: Member[] = [];
  /** Looks at every handler, before and after its effect. */
  everywhere: ((phase: 'before' | 'after', visit: Visit) => unknown) | undefined;
  /** Looks at every point that a saga comes to, before it goes on. */
  onPoint: ((event: SagaProgressEvent) => void) | undefined;
  private readonly mark = `c-${randomUUID().slice(0, 8)}`;
  private readonly hooks = new Map<string, Hook>();
  private readonly written: string[] = [];
  private end!: (reason: Error) => void;
  private readonly ended = new Promise<never>((_resolve, reject) => (this.end = reject));
  private readonly listen = (event: unknown): void => {
    const progress = event as SagaProgressEvent;
    if (!progress.saga.startsWith(this.mark)) return;
    this.events.push(progress);
    this.onPoint?.(progress);
  };

  constructor(private readonly harness: SagaEngineHarness) {
    this.ended.catch(() => undefined);
    subscribe(SAGA_CHANNELS.progress, this.listen);
  }

  get capabilities(): SagaCapabilities {
    return this.harness.capabilities;
  }

  define(
    name: string,
    script: Script,
    options: Omit<Definition, 'name' | 'script' | 'version'> & { version?: number } = {},
  ): Definition {
    return { version: 1, ...options, name: `${this.mark}-${name}`, script };
  }

  async open(options: MemberOptions): Promise<Member> {
    const member = await Member.open(this.harness, options, {
      leaseMs: LONG_LEASE_MS,
      act: (member, saga, step, direction, context, output) =>
        this.act(member, saga, step, direction, context, output),
    });
    this.members.push(member);
    return member;
  }

  /** Calls `hook` whenever the handler is about to do its work: `charge do`. */
  before(key: string, handler: string, hook: Hook): void {
    this.hooks.set(`before ${key} ${handler}`, hook);
  }

  /** Calls `hook` whenever the handler has done its work, and is about to return. */
  after(key: string, handler: string, hook: Hook): void {
    this.hooks.set(`after ${key} ${handler}`, hook);
  }

  /** Removes both. */
  clear(key: string, handler: string): void {
    for (const phase of ['before', 'after']) this.hooks.delete(`${phase} ${key} ${handler}`);
  }

  /** Has the handler wait; `reached` says that it does. */
  gate(key: string, handler: string): { readonly reached: Promise<void>; readonly open: () => void } {
    let open!: () => void;
    let reach!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const isReached = new Promise<void>((resolve) => (reach = resolve));
    this.before(key, handler, async () => {
      this.clear(key, handler);
      reach();
      await Promise.race([opened, this.ended]);
    });
    return {
      get reached() {
        return within(`The saga with the key ${key} comes to ${handler}`, isReached);
      },
      open,
    };
  }

  /** Never resolves while the case lasts: what a process does that is not there any more. */
  get never(): Promise<never> {
    return this.ended;
  }

  /** The handlers that were called for a key: `charge do`. */
  called(key: string): string[] {
    return this.visits
      .filter((visit) => visit.key === key)
      .map(({ step, direction }) => `${step} ${direction}`);
  }

  visitsOf(key: string, handler: string): Visit[] {
    return this.visits.filter((visit) => visit.key === key && `${visit.step} ${visit.direction}` === handler);
  }

  /** What is left of each step, by its name: `done`, `undone`, `nothing`, or what must not be. */
  async standing({ name, script }: Definition, key: string): Promise<Record<string, string>> {
    const effects = await this.effects().read();
    const count = (effect: string) => effects.filter((each) => each === `${name} ${key} ${effect}`).length;
    const standing: Record<string, string> = {};
    for (const { name: step, kind } of stepsOf(script)) {
      if (kind === 'tx') standing[step] = describe(count(`${step} do`), count(`${step} undo`));
      else standing[step] = this.ofCall(key, step);
    }
    return standing;
  }

  async close(): Promise<void> {
    unsubscribe(SAGA_CHANNELS.progress, this.listen);
    this.end(new ConformanceFailure('The case is over.'));
    await Promise.all(this.members.map((member) => member.close()));
  }

  private effects(): ConformanceEffects {
    // Whoever still has a way to the database is asked.
    const member = this.members.findLast(({ isDead }) => !isDead);
    if (member === undefined)
      throw new ConformanceFailure('No application of the case is left that could be asked.');
    return this.effectsOf(member);
  }

  effectsOf({ effects, transactions }: Member): ConformanceEffects {
    return effects ?? new MemoryEffects(transactions, this.written);
  }

  private ofCall(key: string, step: string): string {
    const made = this.visitsOf(key, `${step} do`);
    const undone = this.visitsOf(key, `${step} undo`);
    const keys = new Set(made.map(({ idempotencyKey }) => idempotencyKey ?? ''));
    const tellsApart = this.system.calls.filter(
      ({ idempotencyKey, what }) => what === 'apply' && keys.has(idempotencyKey),
    );
    if (this.system.inForce(keys) > 1) return `in force ${this.system.inForce(keys)} times`;
    if (this.system.inForce(keys) === 1) return 'done';
    return undone.length > 0 && (tellsApart.length > 0 || made.length > 0) ? 'undone' : 'nothing';
  }

  private async act(
    member: Member,
    saga: string,
    step: ScriptStep,
    direction: 'do' | 'undo',
    context: AnyContext,
    output: unknown,
  ): Promise<unknown> {
    if (member.isDead) return await this.ended;
    const { key, attempt, idempotencyKey, doKey, input, out, signal } = context;
    const inTransaction = member.transactions.isActive();
    const visit: Visit = { member, saga, key, step: step.name, direction, attempt, idempotencyKey, doKey, input, output, out, inTransaction, signal }; // prettier-ignore
    this.visits.push(visit);
    const handler = `${key} ${step.name} ${direction}`;
    await this.phase('before', visit, handler);
    if (step.kind === 'tx') await this.effectsOf(member).write(`${saga} ${handler}`);
    else if (direction === 'do') this.system.apply(idempotencyKey ?? '');
    else this.system.takeBack(doKey ?? '', idempotencyKey ?? '');
    if (member.isDead) return await this.ended;
    const replaced = await this.phase('after', visit, handler);
    return replaced === undefined ? `${step.name} of ${key}` : replaced;
  }

  private async phase(phase: 'before' | 'after', visit: Visit, handler: string): Promise<unknown> {
    await this.everywhere?.(phase, visit);
    const replaced = await this.hooks.get(`${phase} ${handler}`)?.(visit);
    return visit.member.isDead ? await this.ended : replaced;
  }

  /** Resolves once the member was crashed where `isThere` says so first. */
  crashAt(member: Member, what: string, isThere: (event: SagaProgressEvent) => boolean): () => Promise<void> {
    this.onPoint = (event) => {
      if (member.isDead || !isThere(event)) return;
      this.onPoint = undefined;
      member.crash();
    };
    return async () => {
      const seen = () => shown([...new Set(this.events.map(({ point }) => point))]);
      try {
        await eventually(`The saga comes to the point ${what}`, () => member.isDead);
      } catch (error) {
        const text = `The saga never came to the point ${what}. Engines tell each point on the diagnostics channel ${SAGA_CHANNELS.progress}; seen were ${seen()}.`;
        throw new ConformanceFailure(text, what, undefined, { cause: error });
      }
    };
  }
}

function describe(done: number, undone: number): string {
  if (done === 0 && undone === 0) return 'nothing';
  if (done === 1 && undone === 0) return 'done';
  return done === 1 && undone === 1 ? 'undone' : `done ${done} times, undone ${undone} times`;
}

import type { Type } from '@nestjs/common';
import type { SagaSnapshot } from '../../saga/saga-engine.port.js';
import type { SagaClass } from '../../saga/saga.decorator.js';
import type { SagaService } from '../../saga/saga.service.js';
import type { TransactionManager } from '../../transaction/transaction-manager.js';
import { rejection, within } from './conformance-checks.js';
import { ConformanceFailure, told } from './conformance-failure.js';
import type {
  ConformanceEffects,
  ConformanceInstance,
  ConformanceLine,
  SagaEngineHarness,
} from './conformance-harness.js';
import type { Definition, MemberOptions } from './definition.js';
import { sagaOf, type AnyContext, type ScriptStep } from './script.js';

/** What its members ask of a scene. */
interface Stage {
  readonly leaseMs: number;
  act(
    member: Member,
    saga: string,
    step: ScriptStep,
    direction: 'do' | 'undo',
    context: AnyContext,
    output: unknown,
  ): Promise<unknown>;
}

/** How a saga has ended for whoever has waited for it. */
export interface Ending {
  readonly state: 'completed' | 'compensated' | 'dead';
  readonly result?: unknown;
  readonly error?: object;
}

const DEFAULT_CONNECTIONS = 8;

/** One application of a case. */
export class Member {
  /** Whether it was crashed: nothing that it does counts any more. */
  isDead = false;
  private instance!: ConformanceInstance;
  private readonly classes = new Map<Definition, Type & SagaClass<unknown, unknown>>();

  static async open(harness: SagaEngineHarness, options: MemberOptions, stage: Stage): Promise<Member> {
    const member = new Member();
    for (const definition of options.definitions) {
      const { name, version, script, deadlineMs, maxRecoveries } = definition;
      const type = sagaOf(
        name,
        { version, deadlineMs, maxRecoveries },
        script,
        (step, direction, context, output) => stage.act(member, name, step, direction, context, output),
      );
      member.classes.set(definition, type);
    }
    member.instance = await harness.open({
      providers: [...member.classes.values(), ...(options.listener === undefined ? [] : [options.listener])],
      events: options.listener !== undefined,
      context: options.context,
      executes: options.executes ?? true,
      leaseMs: options.leaseMs ?? stage.leaseMs,
      retentionMs: options.retentionMs,
      maxConnections: options.maxConnections ?? DEFAULT_CONNECTIONS,
    });
    return member;
  }

  get sagas(): SagaService {
    return this.instance.sagas;
  }

  get transactions(): TransactionManager {
    return this.instance.transactions;
  }

  get effects(): ConformanceEffects | undefined {
    return this.instance.effects;
  }

  get line(): ConformanceLine {
    const { line } = this.instance;
    if (line === undefined)
      throw new ConformanceFailure(
        'The harness gives no `line`, which an engine needs that says it is `durable`.',
      );
    return line;
  }

  classOf(definition: Definition): SagaClass<unknown, unknown> {
    const type = this.classes.get(definition);
    if (type === undefined)
      throw new ConformanceFailure(`The application was opened without ${definition.name}.`);
    return type;
  }

  /** Begins a saga; that its end is not waited for is fine. */
  start(definition: Definition, key: string, input: unknown = null): Promise<unknown> {
    const end = this.sagas.run(this.classOf(definition), { key, input });
    end.catch(() => undefined);
    return end;
  }

  /** Runs a saga, and says how it has ended; a case that has failed by then does not wait for it. */
  end(definition: Definition, key: string, input: unknown = null): Promise<Ending> {
    const end = endingOf(`The saga with the key ${key} comes to its end`, this.start(definition, key, input));
    end.catch(() => undefined);
    return end;
  }

  async enqueue(definition: Definition, key: string, input: unknown = null): Promise<void> {
    await this.sagas.enqueue(this.classOf(definition), { key, input });
  }

  async snapshot(definition: Definition, key: string): Promise<SagaSnapshot> {
    const found = await this.sagas.get(definition.name, key);
    if (found === null)
      throw new ConformanceFailure(`There is no saga with the key ${key}, and there was one.`);
    return found;
  }

  /** As if its process had been killed. */
  crash(): void {
    this.isDead = true;
    this.line.break('crash');
  }

  async close(): Promise<void> {
    await this.instance.close();
  }
}

/** @throws {@link ConformanceFailure} where it ends with anything else than what sagas end with */
export async function endingOf(what: string, run: Promise<unknown>): Promise<Ending> {
  const result = await within(what, run.then((value) => ({ value }), () => undefined)); // prettier-ignore
  if (result !== undefined) return { state: 'completed', result: result.value };
  const error = await rejection(what, run);
  const state: unknown = Reflect.get(Object(error) as object, 'state');
  if (error instanceof Error && (state === 'compensated' || state === 'dead')) return { state, error };
  throw new ConformanceFailure(`${what}\n    expected: its result, or a SagaFailedError\n    seen:     ${told(error)}`, 'SagaFailedError', error); // prettier-ignore
}

import { randomUUID } from 'node:crypto';
import {
  DatabaseError,
  PermanentError,
  type Handler,
  type PlannedStep,
  type RegisteredSaga,
  type SagaEngine,
  type SagaEngineFactory,
  type SagaHost,
} from '../../../libs/database/src/index.js';
import { SagaPlan } from '../../../libs/database/src/saga/saga-plan.js';

type Change = (step: PlannedStep, host: SagaHost, plan: RegisteredSaga['plan']) => Partial<PlannedStep>;

/** An engine that does its steps in another way than it should. */
function mutant(
  change: Change,
  keyOf = (key: string) => key,
): (engine: SagaEngineFactory) => SagaEngineFactory {
  return (factory) => ({
    name: `a mutant of ${factory.name}`,
    needsTables: factory.needsTables,
    create: (host) => {
      const engine = factory.create(host);
      const changed = new Map<RegisteredSaga, RegisteredSaga>();
      const of = (saga: RegisteredSaga) => changed.get(saga) ?? saga;
      const wrong: Partial<SagaEngine> = {
        start(sagas) {
          for (const saga of sagas) changed.set(saga, withSteps(saga, host, change));
          return engine.start([...changed.values()]);
        },
        run: (saga, { key, input }, signal) => engine.run(of(saga), { key: keyOf(key), input }, signal),
        enqueue: (saga, { key, input }) => engine.enqueue(of(saga), { key: keyOf(key), input }),
      };
      return new Proxy(engine, {
        get(target, name) {
          const value: unknown = Reflect.get(name in wrong ? wrong : target, name);
          return typeof value === 'function' ? value.bind(name in wrong ? wrong : target) : value;
        },
      });
    },
  });
}

function withSteps(saga: RegisteredSaga, host: SagaHost, change: Change): RegisteredSaga {
  const { plan } = saga;
  const stages = plan.stages.map((stage) => ({
    ...stage,
    steps: stage.steps.map((step) => ({ ...step, ...change(step, host, plan) })),
  }));
  return { ...saga, plan: new SagaPlan(stages, plan.conclude) };
}

const wrapUndo = (step: PlannedStep, wrap: (undo: Handler) => Handler) =>
  step.undo === undefined ? {} : { undo: wrap(step.undo) };

/** Each breaks one rule. */
export const MUTANTS = {
  'does a step again that is done': mutant(({ run }) => ({
    run: async (context) => {
      await run(context);
      return await run(context);
    },
  })),

  'takes steps back in the order of their starts': mutant((step, _host, plan) => {
    const isFirst = plan.stages[0]?.steps.includes(step) ?? false;
    return wrapUndo(step, (undo) => async (context, ...results) => {
      const { key } = context as { key: string };
      const waiting = undos.get(key) ?? [];
      undos.set(key, waiting);
      waiting.unshift(() => undo(context, ...results));
      // The first one is the last that is taken back: what the others were to do is done now.
      if (isFirst) for (const each of waiting.splice(0)) await each();
    });
  }),

  'takes an undo that fails for one that is done': mutant((step) =>
    wrapUndo(step, (undo) => async (...given) => {
      try {
        await undo(...given);
      } catch {
        // Nobody hears of it.
      }
    }),
  ),

  'takes a lost connection for a failure of the step': mutant(({ run }) => ({
    run: async (context) => {
      try {
        return await run(context);
      } catch (error) {
        if (error instanceof DatabaseError) throw new PermanentError('The step has failed.');
        throw error;
      }
    },
  })),

  'forgets the key': mutant(
    () => ({}),
    () => randomUUID(),
  ),

  'makes a new idempotency key for every attempt': mutant(({ run }) => ({
    run: (context) => run({ ...(context as object), idempotencyKey: randomUUID() }),
  })),

  'makes calls in a transaction': mutant(({ kind, run }, { transactions, db }) => {
    const inTransaction: Handler = (context) =>
      transactions.run(async () => {
        // Without a statement it has no connection.
        await db.query('SELECT 1');
        return await run(context);
      });
    return kind === 'tx' ? {} : { run: inTransaction };
  }),

  'holds a connection during its calls': mutant(({ kind, run }, { transactions, db }) => {
    const holding: Handler = (context) =>
      transactions.run(async () => {
        await db.query('SELECT 1');
        return await transactions.run(async () => await run(context), { propagation: 'NOT_SUPPORTED' });
      });
    return kind === 'tx' ? {} : { run: holding };
  }),
} satisfies Record<string, (engine: SagaEngineFactory) => SagaEngineFactory>;

const undos = new Map<string, (() => unknown)[]>();

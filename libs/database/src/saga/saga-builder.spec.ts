import { describe, expect, it } from '@jest/globals';
import { expectTypeOf } from 'expect-type';
import { InvalidOptionsError } from '../config/config.errors.js';
import { saga, type SagaBuilder } from './saga-builder.js';

const run = () => 'done';
const undo = () => undefined;

function problemsOf(
  define: (begin: SagaBuilder<number, object>) => { result: (end: () => unknown) => unknown },
): string[] {
  try {
    define(saga<number>()).result(() => undefined);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionsError);
    return (error as InvalidOptionsError).violations.map(({ path }) => path);
  }
}

describe('the definition of a saga', () => {
  it('R5: gives each step the results of those before it, with their types, and the result its own', () => {
    const plan = saga<{ sku: string }>()
      .tx('reserve', {
        run: ({ input }) => Promise.resolve({ shelf: input.sku.length }),
        undo: (_context, result) => result.shelf,
      })
      .parallel((group) =>
        group
          .call('mail', { irreversible: true, run: ({ out }) => out.reserve.shelf > 1 })
          .call('push', { irreversible: true, run: ({ idempotencyKey }) => idempotencyKey }),
      )
      .tx('confirm', { pivot: true, run: ({ out }) => [out.mail, out.push] as const })
      .result(({ out, key }) => ({ key, confirmed: out.confirm }));
    expectTypeOf(plan.types).toEqualTypeOf<
      ((input: { sku: string }) => { key: string; confirmed: readonly [boolean, string] }) | undefined
    >();
    expect(plan.stages.map(({ steps }) => steps.map(({ name }) => name))).toEqual([
      ['reserve'],
      ['mail', 'push'],
      ['confirm'],
    ]);
    saga<number>()
      .call('late', {
        irreversible: true,
        // @ts-expect-error -- a step does not see what comes after it
        run: ({ out }) => out.later as unknown,
      })
      .tx('later', { run });
  });

  it('R18: refuses a step before the pivot that nothing takes back, unless it says so', () => {
    const later = { run, undo };
    expect(problemsOf((begin) => begin.tx('first', { run }).tx('second', later))).toEqual(['first.undo']);
    expect(problemsOf((begin) => begin.tx('first', { run, irreversible: true }).tx('second', later))).toEqual(
      [],
    );
    expect(
      problemsOf((begin) =>
        begin.tx('first', { run, undo }).tx('second', { run, pivot: true }).call('third', { run }),
      ),
    ).toEqual([]);
  });

  it('refuses a call that may have come through when it fails and that nothing takes back, even the last one', () => {
    expect(problemsOf((begin) => begin.call('only', { run }))).toEqual(['only.undo']);
    expect(problemsOf((begin) => begin.tx('only', { run }))).toEqual([]);
  });

  it('refuses an undo that would never be called', () => {
    const pivot = (begin: SagaBuilder<number, object>) => begin.tx('first', { run, pivot: true });
    expect(problemsOf((begin) => pivot(begin).tx('second', { run, undo }))).toEqual(['second.undo']);
    expect(problemsOf((begin) => begin.tx('first', { run, undo, irreversible: true }))).toEqual([
      'first.undo',
    ]);
  });

  it.each<[string, Parameters<typeof problemsOf>[0], string[]]>([
    ['no step', (begin) => begin, ['steps']],
    ['a name twice', (begin) => begin.tx('one', { run, undo }).tx('one', { run }), ['one']],
    ['a name that is none', (begin) => begin.tx('1 + 1', { run }), ['1 + 1']],
    ['an empty group', (begin) => begin.parallel((group) => group), ['steps', 'parallel']],
    ['two pivots', (begin) => begin.tx('one', { run, pivot: true }).tx('two', { run, pivot: true }), ['two.pivot']],
    ['a pivot in a group', (begin) => begin.parallel((group) => group.tx('one', { run, pivot: true }).tx('two', { run, undo })), ['one.pivot']],
    ['numbers out of range', (begin) => begin.tx('one', { run, attempts: 0, undoPolicy: { timeoutMs: 0.5 } }), ['one.attempts', 'one.undoPolicy.timeoutMs']],
    ['an option that there is not', (begin) => begin.tx('one', { run, retries: 3 } as never), ['one.retries']],
  ])('refuses %s', (_what, define, paths) => {
    expect(problemsOf(define)).toEqual(paths);
  }); // prettier-ignore

  it('knows the isolation of a transaction, and that a call has none', () => {
    const planned = (step: object) =>
      saga<null>()
        .tx('a', { run: () => 1, ...step })
        .result(() => undefined).stages[0]?.steps[0];
    expect(planned({ isolationLevel: 'Serializable' })?.isolationLevel).toBe('Serializable');
    expect(planned({})?.isolationLevel).toBeUndefined();
    expect(() => planned({ isolationLevel: 'SERIALIZABLE' })).toThrow(/a\.isolationLevel/);
    const call = { run: () => 1, irreversible: true, isolationLevel: 'Serializable' };
    expect(() =>
      saga<null>()
        .call('b', call as never)
        .result(() => undefined),
    ).toThrow(/b\.isolationLevel/);
  });

  it('R27: tells another list of steps by its fingerprint, and the same one by the same', () => {
    const base = () => saga<number>().tx('one', { run, undo });
    const fingerprints = [
      base().tx('two', { run }),
      base().tx('two', { run: () => 'another handler', attempts: 9 }),
      base().tx('zwei', { run }),
      base().call('two', { run, undo }),
      base().tx('two', { run, pivot: true }),
      saga<number>().parallel((group) => group.tx('one', { run, undo }).tx('two', { run, undo })),
    ].map((steps) => steps.result(() => undefined).fingerprint);
    expect(fingerprints[1]).toBe(fingerprints[0]);
    expect(new Set(fingerprints).size).toBe(5);
  });
});

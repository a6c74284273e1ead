import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError } from '../config/config.errors.js';
import { executeSaga } from './execute-saga.js';
import { SagaFailedError } from './saga.errors.js';

/** Notes what is done and taken back; the step named `failing` throws. */
function notes(failing?: string) {
  const log: string[] = [];
  const step = <Result>(name: string, result: Result) => ({
    name,
    execute: () => {
      if (name === failing) throw new Error(`${name} failed`);
      log.push(name);
      return result;
    },
    compensate: (given: Result) => void log.push(`undo ${name} ${String(given)}`),
  });
  return { log, step };
}

describe('executeSaga', () => {
  it('gives what the steps have returned, and hands it to those that follow', async () => {
    const results = await executeSaga([
      { execute: () => Promise.resolve(2) },
      { execute: ([first]) => `${Number(first) * 3}`, compensate: (text: string) => text.length },
    ]);
    const [number, text]: [number, string] = results;
    expect([number, text]).toEqual([2, '6']);
  });

  it.each([
    ['first', []],
    ['second', ['first', 'undo first 1']],
    ['third', ['first', 'second', 'undo second two', 'undo first 1']],
  ])(
    'takes back what was done before, the last one first, when the %s step fails',
    async (failing, expected) => {
      const { log, step } = notes(failing);
      const steps = executeSaga([step('first', 1), step('second', 'two'), step('third', true)]);
      const error = await steps.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(log).toEqual(expected);
      expect(error).toBeInstanceOf(SagaFailedError);
      expect(error).toMatchObject({
        code: 'SAGA_FAILED',
        step: failing,
        state: 'compensated',
        outcome: 'not-applied',
      });
      expect((error as Error).cause).toMatchObject({ message: `${failing} failed` });
    },
  );

  it('does not say that nothing is left of a step that nothing takes back', async () => {
    const { step } = notes('third');
    const { compensate: _none, ...second } = step('second', 2);
    const error = await executeSaga([step('first', 1), second, step('third', 3)]).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      state: 'compensated',
      outcome: 'unknown',
      compensated: ['first'],
      left: ['second'],
    });
  });

  it('goes on taking back when one step cannot be taken back, and says which', async () => {
    const { log, step } = notes('third');
    const broken = new Error('no way back');
    const second = {
      ...step('second', 2),
      compensate: () => {
        throw broken;
      },
    };
    const error = await executeSaga([step('first', 1), second, step('third', 3)]).catch(
      (thrown: unknown) => thrown,
    );
    expect(log).toEqual(['first', 'second', 'undo first 1']);
    expect(error).toMatchObject({
      state: 'dead',
      outcome: 'unknown',
      compensated: ['first'],
      failed: [{ step: 'second', error: broken }],
      message: expect.stringContaining('Not taken back: second'),
    });
  });

  it('runs nothing of what is no list of steps', async () => {
    const { log, step } = notes();
    const none = { execute: 'now' } as unknown as { execute: () => unknown };
    await expect(executeSaga([step('first', 1), none])).rejects.toThrow(InvalidOptionsError);
    expect(log).toEqual([]);
  });

  it('runs nothing where two steps have one name, as the second would pass for the first', async () => {
    const { log, step } = notes();
    const { execute } = step('second', 2);
    for (const steps of [
      [step('first', 1), step('first', 2)],
      [step('step 2', 1), { execute }],
    ])
      await expect(executeSaga(steps)).rejects.toThrow('`[1].name` is the name of another step as well');
    expect(log).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AmbientValue } from './ambient-value.js';

describe('an ambient value', () => {
  it('is what the innermost call has set, over turns of the event loop, and nothing outside', async () => {
    const name = new AmbientValue<string>();
    const seen: (string | undefined)[] = [name.get()];
    await name.run('outer', async () => {
      await nextTurn();
      await name.run('inner', async () => {
        await nextTurn();
        seen.push(name.get());
      });
      seen.push(name.get());
    });
    seen.push(name.get());
    expect(seen).toEqual([undefined, 'inner', 'outer', undefined]);
  });

  it('does not touch another one, in whichever order they are set and replaced', () => {
    const [left, right] = [new AmbientValue<number>(), new AmbientValue<number>()];
    const both = () => [left.get(), right.get()];
    left.run(1, () => {
      right.run(2, () => {
        expect(both()).toEqual([1, 2]);
        left.run(3, () => {
          expect(both()).toEqual([3, 2]);
        });
        expect(both()).toEqual([1, 2]);
      });
      expect(both()).toEqual([1, undefined]);
    });
  });

  it('can be set to nothing, which hides what is around', () => {
    const name = new AmbientValue<string | undefined>();
    expect(name.run('outer', () => name.run(undefined, () => name.get()))).toBeUndefined();
  });

  it('is let go when it is replaced: a chain of calls, each started by the one before, does not hold them all', async () => {
    const kept = new AmbientValue<number>();
    const [replaced, another] = [new AmbientValue<object>(), new AmbientValue<object>()];
    const made: WeakRef<object>[] = [];
    const last = new Promise<{ kept: number | undefined; alive: number }>((resolve) => {
      const link = (left: number): void => {
        const value = { left };
        made.push(new WeakRef(value));
        replaced.run(value, () => {
          another.run({}, () => {
            if (left > 0) return void setImmediate(link, left - 1);
            collectGarbage();
            resolve({ kept: kept.get(), alive: made.filter((ref) => ref.deref() !== undefined).length });
          });
        });
      };
      kept.run(7, () => {
        link(1_000);
      });
    });
    const { kept: value, alive } = await last;
    expect(value).toBe(7);
    expect(made).toHaveLength(1_001);
    expect(alive).toBeLessThan(10);
  });
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

import { describe, expect, it } from '@jest/globals';
import { SharedWork } from './shared-work.js';

/** Work whose runs the test ends itself. */
function manualWork() {
  const runs: { signal: AbortSignal; resolve: (value: string) => void; reject: (error: Error) => void }[] =
    [];
  const shared = new SharedWork<string>(
    (signal) => new Promise((resolve, reject) => runs.push({ signal, resolve, reject })),
  );
  return { runs, shared };
}

const never = new AbortController().signal;

describe('SharedWork', () => {
  it('is done once for callers that come meanwhile, and anew for those who come later', async () => {
    const { runs, shared } = manualWork();
    const both = Promise.all([shared.join(never), shared.join(never)]);
    expect(runs).toHaveLength(1);
    runs[0]?.resolve('first');
    expect(await both).toEqual(['first', 'first']);
    expect(shared.ended).toBeUndefined();
    const later = shared.join(never);
    runs[1]?.reject(new Error('second'));
    await expect(later).rejects.toThrow('second');
  });

  // Naive: the work hears the first caller's signal alone.
  it.each(['first', 'second'])('goes on for the other when the %s of two callers gives up', async (who) => {
    const { runs, shared } = manualWork();
    const callers = { first: new AbortController(), second: new AbortController() };
    const results = {
      first: shared.join(callers.first.signal),
      second: shared.join(callers.second.signal),
    };
    const [leaving, staying] =
      who === 'first' ? (['first', 'second'] as const) : (['second', 'first'] as const);
    const reason = new Error('gave up');
    callers[leaving].abort(reason);
    await expect(results[leaving]).rejects.toBe(reason);
    expect(runs[0]?.signal.aborted).toBe(false);
    runs[0]?.resolve('done');
    expect(await results[staying]).toBe('done');
    expect(runs[0]?.signal.aborted).toBe(false);
  });

  it('is cancelled with the reason of the last caller who gives up', async () => {
    const { runs, shared } = manualWork();
    const callers = [new AbortController(), new AbortController()];
    const results = Promise.allSettled(callers.map(({ signal }) => shared.join(signal)));
    const last = new Error('last');
    callers[0]?.abort(new Error('first'));
    callers[1]?.abort(last);
    await results;
    expect(runs[0]?.signal.reason).toBe(last);
    runs[0]?.reject(last);
  });

  it('that was cancelled is waited for and begun anew, never shared and never done twice at a time', async () => {
    const { runs, shared } = manualWork();
    const caller = new AbortController();
    const cancelled = shared.join(caller.signal);
    caller.abort(new Error('gave up'));
    await expect(cancelled).rejects.toThrow('gave up');
    const next = Promise.all([shared.join(never), shared.join(never)]);
    const impatient = new AbortController();
    const refused = shared.join(impatient.signal);
    impatient.abort(new Error('impatient'));
    await expect(refused).rejects.toThrow('impatient');
    expect(runs).toHaveLength(1);
    runs[0]?.reject(new Error('cancelled'));
    while (runs.length < 2) await Promise.resolve();
    runs[1]?.resolve('anew');
    expect(await next).toEqual(['anew', 'anew']);
    expect(runs).toHaveLength(2);
  });

  it('is not begun for a caller who has given up before', async () => {
    const { runs, shared } = manualWork();
    await expect(shared.join(AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    expect(runs).toHaveLength(0);
  });
});

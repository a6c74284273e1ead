/** @jest-environment ./test/support/faults/incident-environment.mjs */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import dns from 'node:dns';
import {
  category,
  FAST,
  FaultBench,
  held,
  NOISE_MS,
  type Failure,
} from '../../support/faults/fault-bench.js';
import type { FaultDatabase } from '../../support/faults/fault-database.js';
import { useFaultDatabase } from '../../support/faults/fault-suite.js';
import { until } from '../../support/until.js';

const NAME = 'database.test';

/** What asking for {@link NAME} comes to; `silent` is a resolver that does not answer at all. */
type Answer = 'address' | 'ENOTFOUND' | 'EAI_AGAIN' | 'silent';

let database: FaultDatabase;
let bench: FaultBench;
let answer: Answer;
const unanswered: (() => void)[] = [];

useFaultDatabase((created) => (database = created));

beforeEach(async () => {
  becomes('address');
  replaceResolver();
  const url = new URL(database.url);
  url.hostname = NAME;
  bench = await FaultBench.open({ url: url.toString(), direct: true });
  await bench.prisma.checkHealth();
});
afterEach(async () => {
  becomes('address');
  await bench.close(database);
  jest.restoreAllMocks();
});

function becomes(next: Answer): void {
  answer = next;
  if (next !== 'silent') for (const reply of unanswered.splice(0)) reply();
}

/** The resolver belongs to the machine, and changing it takes root: it is replaced where Node's sockets ask for it. */
function replaceResolver(): void {
  const real = dns.lookup;
  const lookup = (name: string, options: dns.LookupOptions, done: (...result: unknown[]) => void) => {
    if (name !== NAME) {
      real(name, options, done as never);
      return;
    }
    const reply = () => {
      if (answer !== 'address') {
        const text = `getaddrinfo ${answer} ${name}`;
        done(Object.assign(new Error(text), { code: answer, syscall: 'getaddrinfo', hostname: name }));
      } else if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
      else done(null, '127.0.0.1', 4);
    };
    if (answer === 'silent') unanswered.push(reply);
    else process.nextTick(reply);
  };
  jest.spyOn(dns, 'lookup').mockImplementation(lookup as never);
}

describe('an outage of the name service', () => {
  it.each(['ENOTFOUND', 'EAI_AGAIN', 'silent'] as const)(
    'row 53: (%s) leaves open connections and transactions alone, and fails new ones typed and in time',
    async (outage) => {
      const [begun, goOn] = [deferred(), deferred()];
      const running = bench.transactions.run(async () => {
        await bench.categories.create(category(`before ${outage}`));
        begun.resolve();
        await goOn.promise;
        return await bench.categories.create(category(`during ${outage}`));
      });
      await begun.promise;
      becomes(outage);
      // The transaction holds the only connection that is open.
      const refused = await bench.refusal(bench.categories.count(), 'UNAVAILABLE');
      expectOutage(refused);
      if (outage !== 'silent') expect(refused.error.message).toContain(outage);
      goOn.resolve();
      expect((await running).name).toBe(`during ${outage}`);
      expect(await database.stored()).toEqual(
        expect.arrayContaining([`before ${outage}`, `during ${outage}`]),
      );
      for (let query = 0; query < 20; query += 1) await bench.prisma.category.count();
      const before = await bench.prisma.checkHealth();
      let report = before;
      expect(await until(async () => (report = await bench.prisma.checkHealth()) !== before, 2_000)).toBe(
        true,
      );
      expect(report).toMatchObject({ healthy: true });

      // Without any connection left it is unavailable as well, and back with the name.
      await database.terminateSessions();
      const isDown = async () => !(await bench.prisma.checkHealth()).healthy;
      expect(await until(isDown, 5_000)).toBe(true);
      expectOutage(await bench.refusal(bench.categories.count(), 'UNAVAILABLE', 'POOL_TIMEOUT'));
      becomes('address');
      await bench.recovers();
    },
  );

  it('row 53: makes the naive setup wait for ever where the name service is silent', async () => {
    becomes('silent');
    const waiting = held(bench.naive().category.count());
    await bench.prisma.category.count();
    expect(await until(() => waiting.settled, FAST.pool.acquireTimeoutMs + NOISE_MS)).toBe(false);
    becomes('address');
    await waiting.promise;
  });
});

function expectOutage({ error, tookMs }: Failure): void {
  expect(error).toMatchObject({ retryable: true, outcome: 'not-applied' });
  expect(tookMs).toBeLessThan(FAST.pool.acquireTimeoutMs + NOISE_MS);
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

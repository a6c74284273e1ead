import { afterAll, afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import type { DatabaseModuleOptions } from '../../../libs/database/src/index.js';
import { FaultBench } from './fault-bench.js';
import { FaultDatabase } from './fault-database.js';

/** A single test waits for several deadlines, and the machine may have other work. */
const TEST_TIMEOUT_MS = 20_000;
/** Closing a bench waits until its application has recovered, which a server that was killed takes longer for. */
const CLOSE_TIMEOUT_MS = 30_000;

/** The server that the tests of a suite break. */
interface FaultServer {
  readonly url: string;
  query(sql: string): Promise<unknown>;
  sessions(): Promise<readonly unknown[]>;
}

interface BenchSetup {
  readonly server: () => FaultServer;
  readonly direct?: boolean;
  readonly module?: Partial<DatabaseModuleOptions>;
}

/** Gives the suite a database of its own. */
export function useFaultDatabase(use: (database: FaultDatabase) => void): void {
  jest.setTimeout(TEST_TIMEOUT_MS);
  let database: FaultDatabase | undefined;
  beforeAll(async () => {
    use((database = await FaultDatabase.create()));
  });
  afterAll(() => database?.drop());
}

/** Closes the bench of the running test, and opens another one that is configured differently. */
type Reopen = (module: Partial<DatabaseModuleOptions>) => Promise<void>;

/** Gives each test empty tables and a bench, whose oracle judges the test when it is over. */
export function useBench({ server, ...options }: BenchSetup, use: (bench: FaultBench) => void): Reopen {
  jest.setTimeout(TEST_TIMEOUT_MS);
  let bench: FaultBench | undefined;
  const open = async (module = options.module) => {
    const configured = { ...options, ...(module && { module }) };
    use((bench = await FaultBench.open({ url: server().url, ...configured })));
  };
  const close = async () => {
    const used = bench;
    bench = undefined;
    await used?.close(server());
  };
  beforeEach(async () => {
    await server().query('TRUNCATE category CASCADE');
    await open();
  });
  afterEach(close, CLOSE_TIMEOUT_MS);
  return async (module) => {
    await close();
    await open(module);
  };
}

/** What most suites of faults need: a database of their own, and a bench on it for each test. */
export function useFaults(
  use: (faults: { readonly database: FaultDatabase; readonly bench: FaultBench }) => void,
  module?: Partial<DatabaseModuleOptions>,
): Reopen {
  let database: FaultDatabase;
  useFaultDatabase((created) => (database = created));
  const server = () => database;
  return useBench({ server, ...(module && { module }) }, (bench) => use({ database, bench }));
}

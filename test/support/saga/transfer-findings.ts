import type { SagaProcesses } from './saga-processes.js';
import type { Transfer } from './saga-chaos.js';

/** What is wrong with the transfers; every list is to be empty. */
export interface TransferFindings {
  /** In another state than the one that their input leads to. */
  readonly states: readonly string[];
  /** What the database has seen of them is not each effect once. */
  readonly effects: readonly string[];
  readonly balances: readonly string[];
  /** Other calls than those that had to be made. */
  readonly calls: readonly string[];
  /** Calls that were made again although it was recorded that they had come through. */
  readonly repeated: readonly string[];
  /** An end that somebody was told, and that was not the end. */
  readonly lies: readonly string[];
  readonly unhandled: readonly string[];
}

export const NOTHING_WRONG: TransferFindings = {
  states: [],
  effects: [],
  balances: [],
  calls: [],
  repeated: [],
  lies: [],
  unhandled: [],
};

interface Database {
  query<Row extends object>(sql: string): Promise<Row[]>;
}

/** How a transfer ends, whatever happens meanwhile. */
function endOf({ input }: Transfer) {
  return input.refused
    ? {
        state: 'compensated',
        effects: 'do debit,do points,undo debit,undo points',
        calls: ['fee:do', 'partner:do', 'fee:undo', 'partner:undo'],
      }
    : {
        state: 'completed',
        effects: 'do credit,do debit,do points',
        calls: ['fee:do', 'partner:do', 'receipt:do'],
      };
}

export async function findWrong(
  processes: SagaProcesses,
  transfers: readonly Transfer[],
  database: Database,
): Promise<TransferFindings> {
  const rows = await database.query<{ key: string; state: string; effects: string }>(
    `SELECT s.key, s.state, (SELECT string_agg(what, ',' ORDER BY what) FROM effect e WHERE e.key = s.key) AS effects
       FROM nestjs_database.saga s`,
  );
  const found = new Map(rows.map((row) => [row.key, row]));
  const told = new Set(processes.linesOf('told').map(([, key]) => key!));
  const expected = new Set(
    transfers.flatMap((each) => endOf(each).calls.map((call) => `transfer:${each.key}:${call}`)),
  );
  return {
    states: transfers
      .filter((each) => found.get(each.key)?.state !== endOf(each).state)
      .map(({ key }) => `${key} ${found.get(key)?.state}`),
    effects: transfers
      .filter((each) => found.get(each.key)?.effects !== endOf(each).effects)
      .map(({ key }) => `${key} ${found.get(key)?.effects}`),
    balances: await wrongBalances(transfers, database),
    calls: [
      ...[...expected].filter((key) => !told.has(key)),
      ...[...told].filter((key) => !expected.has(key)),
    ],
    repeated: repeatedOf(processes),
    lies: processes
      .linesOf('ended')
      .filter(([, key, state]) => found.get(key!)?.state !== state)
      .map(([, key, state]) => `${key} ${state}`),
    unhandled: processes.linesOf('unhandled').map((words) => words.join(' ')),
  };
}

async function wrongBalances(transfers: readonly Transfer[], database: Database): Promise<string[]> {
  const balances = new Map<number, number>();
  const add = (account: number, cents: number) => balances.set(account, (balances.get(account) ?? 0) + cents);
  for (const { input } of transfers) {
    if (input.refused) continue;
    add(input.from, -input.cents);
    add(input.to, input.cents);
  }
  const rows = await database.query<{ id: number; balance: string }>('SELECT id, balance FROM account');
  return rows
    .filter(({ id, balance }) => Number(balance) !== (balances.get(id) ?? 0))
    .map(({ id, balance }) => `account ${id}: ${balance} instead of ${balances.get(id) ?? 0}`);
}

/** The journal of the processes is in the order in which everything happened. */
function repeatedOf(processes: SagaProcesses): string[] {
  const recorded = new Set<string>();
  const repeated: string[] = [];
  for (const [event, key = '', place = ''] of processes.words()) {
    if (event === 'told' && recorded.has(key)) repeated.push(key);
    const [, way, step] = event === 'point' ? (/^(do|undo)-(.*)-recorded$/.exec(place) ?? []) : [];
    if (step !== undefined) recorded.add(`transfer:${key}:${step}:${way}`);
  }
  return repeated;
}

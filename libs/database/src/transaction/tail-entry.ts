import type { TailStatement } from './transaction-session.port.js';

/** A part of the library that has something to write at the end of transactions. */
export interface CommitTail<Item> {
  /**
   * The statements for all that was added to one transaction, in the order in which it was added. Called once, when COMMIT
   * is about to be sent; what it throws rolls the transaction back.
   */
  statements(items: readonly Item[]): readonly TailStatement[];
  /** What the failure of one of its statements means to the caller; undefined where the failure is not about them. */
  explain?(error: unknown, items: readonly Item[]): Error | undefined;
}

/** One thing to be written, and by whom. */
export interface TailEntry {
  readonly by: CommitTail<unknown>;
  readonly item: unknown;
}

const NOTHING: readonly TailStatement[] = [];

/** The statements of a transaction that is about to be committed; those of one writer together, in the order of its first. */
export function tailOf(tail: readonly TailEntry[] | undefined): readonly TailStatement[] {
  if (tail === undefined) return NOTHING;
  return [...byWriter(tail)].flatMap(([by, items]) => by.statements(items));
}

/** The failure of a transaction that could not be committed, as the writer sees it whose statement it was. */
export function explainFailure(error: unknown, tail: readonly TailEntry[] | undefined): unknown {
  if (tail === undefined) return error;
  for (const [by, items] of byWriter(tail)) {
    const explained = by.explain?.(error, items);
    if (explained !== undefined) return explained;
  }
  return error;
}

function byWriter(tail: readonly TailEntry[]): Map<CommitTail<unknown>, unknown[]> {
  const items = new Map<CommitTail<unknown>, unknown[]>();
  for (const { by, item } of tail) {
    const known = items.get(by);
    if (known === undefined) items.set(by, [item]);
    else known.push(item);
  }
  return items;
}

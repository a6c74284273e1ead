import type pg from 'pg';

/**
 * A statement that travels in front of another one, under the same Sync: where it fails, the other one is not carried out,
 * and it costs no round trip of its own.
 *
 * With a Sync of its own, a BEGIN that fails would let the statement behind it commit by itself.
 */
export interface LeadingStatement {
  readonly text: string;
  readonly values?: readonly string[];
  /** Gets the first column of its row, as PostgreSQL's text. */
  readonly onValue?: (value: string | null) => void;
}

/** The parts of pg's connection that @types/pg leaves out; pinned by `transaction-wire.int-spec.ts`. */
interface ExtendedProtocol {
  readonly stream: { cork(): void; uncork(): void };
  parse(query: { text: string; name: string; types: readonly number[] }): void;
  bind(query: { portal: string; statement: string; values: readonly string[] }): void;
  execute(query: { portal: string; rows: number }): void;
}

/** Writes the leading statements of a query, then the query itself, in one piece. */
export function sendTogether(
  connection: pg.Connection,
  leading: readonly LeadingStatement[],
  send: () => unknown,
): unknown {
  const { stream } = connection as unknown as ExtendedProtocol;
  const protocol = connection as unknown as ExtendedProtocol;
  stream.cork();
  try {
    for (const { text, values = [] } of leading) {
      protocol.parse({ text, name: '', types: [] });
      protocol.bind({ portal: '', statement: '', values });
      // Not described: what comes back is either nothing or one text.
      protocol.execute({ portal: '', rows: 0 });
    }
    return send();
  } finally {
    stream.uncork();
  }
}

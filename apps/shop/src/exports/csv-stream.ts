import { Readable } from 'node:stream';
import { csvLine, type CsvValue } from './csv.js';

/** A line is some ten bytes: sent one by one, each would cost a write of its own. */
const CHUNK_LENGTH = 16_384;
/** Rows of a table keep a connection and its snapshot for as long as they are read. */
const STALLED_MS = 60_000;

/** The reader took nothing for too long. */
export class StalledExportError extends Error {
  override readonly name = 'StalledExportError';

  constructor(stalledMs: number) {
    super(`An export was cut off: its reader took nothing for ${stalledMs} ms.`);
  }
}

/**
 * A file of comma-separated values that is made while it is read: the rows are asked for as fast as the reader takes them,
 * and given up when it goes away.
 */
export class CsvStream extends Readable {
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private first: IteratorResult<string, void> | undefined,
    private readonly chunks: AsyncGenerator<string, void>,
    private readonly stalledMs: number,
  ) {
    super({ highWaterMark: CHUNK_LENGTH });
    this.watch();
  }

  /**
   * Begins with the first rows, so that what is wrong with the query or the database is still an answer with a status.
   *
   * @throws what the reading of the first rows fails with
   */
  static async open(
    columns: readonly string[],
    rows: AsyncIterable<readonly CsvValue[]>,
    stalledMs = STALLED_MS,
  ): Promise<CsvStream> {
    const chunks = chunksOf(columns, rows);
    return new CsvStream(await chunks.next(), chunks, stalledMs);
  }

  override _read(): void {
    this.watch();
    void this.pull();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.timer);
    // Ends the loop over the rows, which gives their connection back.
    this.chunks.return().then(
      () => {
        done(error);
      },
      (failure: unknown) => {
        done(error ?? (failure as Error));
      },
    );
  }

  private async pull(): Promise<void> {
    try {
      const { value, done } = this.first ?? (await this.chunks.next());
      this.first = undefined;
      this.push(done === true ? null : value);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  private watch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.destroy(new StalledExportError(this.stalledMs)), this.stalledMs);
  }
}

async function* chunksOf(
  columns: readonly string[],
  rows: AsyncIterable<readonly CsvValue[]>,
): AsyncGenerator<string, void> {
  let chunk = csvLine(columns);
  for await (const row of rows) {
    chunk += csvLine(row);
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

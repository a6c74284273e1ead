import { Injectable, StreamableFile } from '@nestjs/common';
import { Database } from 'nestjs-database';
import type { Days } from '../reports/report-days.js';
import { CsvStream } from './csv-stream.js';
import type { CsvValue } from './csv.js';
import { TooManyExportsError } from './export.errors.js';
import { ORDER_COLUMNS, orderLines } from './order-export.js';
import { PRODUCT_COLUMNS, productRows } from './product-export.js';

/** Each keeps a connection of the pool, and customers need some too. */
const MAX_EXPORTS = 4;

@Injectable()
export class ExportService {
  private running = 0;

  constructor(private readonly db: Database) {}

  async orders(days: Days): Promise<StreamableFile> {
    return await this.file(`orders-${days.from}-${days.to}.csv`, ORDER_COLUMNS, orderLines(this.db, days));
  }

  async products(): Promise<StreamableFile> {
    return await this.file('products.csv', PRODUCT_COLUMNS, productRows(this.db));
  }

  /** @throws {TooManyExportsError} */
  private async file(
    name: string,
    columns: readonly string[],
    rows: AsyncGenerator<readonly CsvValue[], void>,
  ): Promise<StreamableFile> {
    if (this.running >= MAX_EXPORTS) throw new TooManyExportsError(MAX_EXPORTS);
    this.running += 1;
    try {
      const stream = await CsvStream.open(columns, rows);
      stream.once('close', () => (this.running -= 1));
      return new StreamableFile(stream, {
        type: 'text/csv; charset=utf-8; header=present',
        disposition: `attachment; filename="${name}"`,
      });
    } catch (error) {
      this.running -= 1;
      throw error;
    }
  }
}

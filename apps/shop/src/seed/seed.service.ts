import { Injectable } from '@nestjs/common';
import { PrismaService, TransactionManager } from 'nestjs-database';
import { createSampleData, type SampleData } from './sample-data.js';

/** The advisory lock of seeding; any number that nothing else in the database uses. */
const LOCK = 7_304_958_112n;
/** Others wait for the lock inside their own transactions. */
const TRANSACTION = { timeoutMs: 60_000, maxWaitMs: 30_000 };

@Injectable()
export class SeedService {
  constructor(
    private readonly prisma: PrismaService,
    private readonly transactions: TransactionManager,
  ) {}

  /**
   * Fills the tables with sample data if all of them are empty, and says whether it did.
   *
   * Any number of instances may call it at once: the lock lets one in at a time, and who comes later finds the data
   * that the first one has committed. It all happens in one transaction, so there is never a part of the data.
   */
  async seedIfEmpty(): Promise<boolean> {
    return await this.transactions.run(async () => {
      // Longer than the usual 5 seconds: a slow machine may take that long to fill the tables, and the others wait here.
      await this.prisma.$executeRaw`SET LOCAL lock_timeout = '25s'`;
      await this.prisma.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`;
      if (!(await this.isEmpty())) return false;
      await this.insert(createSampleData());
      await this.advanceSequences();
      return true;
    }, TRANSACTION);
  }

  private async isEmpty(): Promise<boolean> {
    const { category, product, customer, order } = this.prisma;
    const found = [
      await category.findFirst({ select: { id: true } }),
      await product.findFirst({ select: { id: true } }),
      await customer.findFirst({ select: { id: true } }),
      await order.findFirst({ select: { id: true } }),
    ];
    return found.every((row) => row === null);
  }

  private async insert(data: SampleData): Promise<void> {
    await this.insertRows('category', data.categories);
    await this.insertRows('product', data.products);
    await this.insertRows('stock_item', data.stock);
    await this.insertRows('customer', data.customers);
    await this.insertRows('customer_order', data.orders);
    await this.insertRows('order_item', data.items);
  }

  /**
   * One statement for each table. `createMany` would need a parameter for every value: it splits 15,000 rows into many
   * statements and takes twenty times as long.
   */
  private async insertRows(table: string, rows: readonly object[]): Promise<void> {
    const columns = Object.keys(rows[0] ?? {}).map((field) => `"${toColumn(field)}"`);
    await this.prisma.$executeRawUnsafe(
      `INSERT INTO "${table}" (${columns.join()})
       SELECT ${columns.join()} FROM json_populate_recordset(NULL::"${table}", $1::json)`,
      toColumns(rows),
    );
  }

  /** The rows came with their ids; the next one has to come after them. */
  private async advanceSequences(): Promise<void> {
    for (const table of ['category', 'product', 'customer', 'customer_order']) {
      await this.prisma.$executeRawUnsafe(
        `SELECT setval(pg_get_serial_sequence('${table}', 'id'), (SELECT max(id) FROM "${table}"))`,
      );
    }
  }
}

/** The rows as JSON, with the names of the columns: `unitPriceCents` is kept in `unit_price_cents`. */
function toColumns(rows: readonly object[]): string {
  return JSON.stringify(
    rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([field, value]) => [toColumn(field), value])),
    ),
    (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  );
}

function toColumn(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

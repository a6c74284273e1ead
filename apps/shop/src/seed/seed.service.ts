import { Injectable } from '@nestjs/common';
import { PrismaService, TransactionManager } from 'nestjs-database';
import { CustomerRepository } from '../customers/customer.repository.js';
import { StockRepository } from '../inventory/stock.repository.js';
import { OrderItemRepository } from '../orders/order-item.repository.js';
import { OrderRepository } from '../orders/order.repository.js';
import { CategoryRepository } from '../products/category.repository.js';
import { ProductRepository } from '../products/product.repository.js';
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
    private readonly categories: CategoryRepository,
    private readonly products: ProductRepository,
    private readonly stock: StockRepository,
    private readonly customers: CustomerRepository,
    private readonly orders: OrderRepository,
    private readonly items: OrderItemRepository,
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

  /** A few statements for 15,000 rows and more: each carries a list for each column. */
  private async insert(data: SampleData): Promise<void> {
    await this.categories.bulkInsert(data.categories);
    await this.products.bulkInsert(data.products);
    await this.stock.bulkInsert(data.stock);
    await this.customers.bulkInsert(data.customers);
    await this.orders.bulkInsert(data.orders);
    await this.items.bulkInsert(data.items);
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

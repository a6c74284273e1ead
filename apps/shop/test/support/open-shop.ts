import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/test-database.js';
import { createShop } from '../../src/app.factory.js';
import type { ShopStores } from '../../src/app.module.js';
import { TcpProxy } from './tcp-proxy.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON. */
  readonly body: any;
  readonly text: string;
}

export interface NewProduct {
  readonly priceCents?: number;
  readonly stock?: number;
  readonly active?: boolean;
  readonly currency?: string;
}

/** The whole shop on a database of its own, spoken to over HTTP. */
export class OpenShop {
  private constructor(
    /** What was logged since the start. */
    readonly log: readonly string[],
    readonly app: NestExpressApplication,
    readonly database: TestDatabase,
    /** The way from the shop to its database. */
    readonly connection: TcpProxy,
    readonly url: string,
  ) {}

  private products = 0;

  /**
   * Tests ask how a crowd comes out, on machines of any speed: nothing of it is refused for having taken longer than the
   * ten seconds that the shop grants.
   */
  static async open({ patienceMs = 50_000, ...stores }: Partial<ShopStores> = {}): Promise<OpenShop> {
    const database = await createTestDatabase();
    const url = new URL(database.url);
    const connection = new TcpProxy({ host: url.hostname, port: Number(url.port) });
    await connection.open();
    url.host = `127.0.0.1:${connection.port}`;
    const log: string[] = [];
    const write = (...line: unknown[]) => void log.push(line.join(' '));
    const app = await createShop(
      { ...stores, databaseUrl: url.toString(), patienceMs },
      { log: write, warn: write, error: write },
    );
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const shop = new OpenShop(log, app, database, connection, `http://127.0.0.1:${port}`);
    await database.query(
      "INSERT INTO category (name, slug) VALUES ('Lighting', 'lighting'), ('Seating', 'seating')",
    );
    return shop;
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.connection.cut();
    await this.database.drop();
  }

  async get(path: string): Promise<Answer> {
    return await this.send('GET', path);
  }

  async post(path: string, body: unknown): Promise<Answer> {
    return await this.send('POST', path, body);
  }

  /** A body that is a string is sent as it is. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Connection: 'close', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text), text };
  }

  /** Puts a product on the shelf, past the API, and gives its id. */
  async stockUp({
    priceCents = 1_999,
    stock = 10,
    active = true,
    currency = 'EUR',
  }: NewProduct = {}): Promise<number> {
    this.products += 1;
    const [row] = await this.database.query<{ id: number }>(
      `WITH added AS (
         INSERT INTO product (sku, name, price_cents, weight_kg, active, currency, category_id, updated_at)
         VALUES ($1, $2, $3, 1.250, $4, $5, 1, now()) RETURNING id)
       INSERT INTO stock_item (product_id, quantity, reorder_level, updated_at)
       SELECT id, $6, 5, now() FROM added RETURNING product_id AS id`,
      [`TEST-${this.products}`, `Lamp ${this.products}`, priceCents, active, currency, stock],
    );
    return row?.id ?? 0;
  }

  async addCustomer(name = 'Ada Fischer'): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      "INSERT INTO customer (name, email) VALUES ($1, md5(random()::text) || '@example.com') RETURNING id",
      [name],
    );
    return row?.id ?? 0;
  }

  /** Adds a register, opens it for the day unless there is none, and gives its id. */
  async openRegister(day?: string): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      'INSERT INTO register (name, open_day) VALUES (md5(random()::text), $1::date) RETURNING id',
      [day ?? null],
    );
    return row?.id ?? 0;
  }

  /** The status and code of each answer whose status is none of these: none where all is well. */
  surprises(answers: readonly Answer[], ...statuses: readonly number[]): string[] {
    const others = answers.filter(({ status }) => !statuses.includes(status));
    return others.map(({ status, body }) => `${status} ${body?.code}`);
  }

  /** What the receipt printer has printed of a register. */
  printed(registerId: number): string[] {
    return this.log
      .filter((line) => line.includes(` ${registerId}-`) && /^(?:Receipt|Refund) /.test(line))
      .map((line) => /^\w+ \d+-\d+/.exec(line)?.[0] ?? '');
  }

  async stockOf(productId: number): Promise<number> {
    const sql = 'SELECT quantity FROM stock_item WHERE product_id = $1';
    const [row] = await this.database.query<{ quantity: number }>(sql, [productId]);
    return row?.quantity ?? -1;
  }

  async countOrders(): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM customer_order',
    );
    return row?.count ?? -1;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

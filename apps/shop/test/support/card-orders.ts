import { until } from '../../../../test/support/until.js';
import type { Answer, OpenShop } from './open-shop.js';

/** What the fake bank has in its books of one charge. */
export interface BookedCharge {
  readonly requests: number;
  readonly amount: number | null;
  readonly voided: boolean;
  readonly captured: boolean;
  readonly refunded: boolean;
}

/** Orders by card in one shop, and what became of them outside of it. */
export class CardOrders {
  private counted = 0;

  constructor(
    private readonly shop: OpenShop,
    readonly customerId: number,
  ) {}

  nextKey(): string {
    this.counted += 1;
    return `cart-${this.counted}`;
  }

  async order(
    key: string,
    items: readonly (readonly [productId: number, quantity: number])[],
    cardToken = 'tok_visa',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return await this.shop.send(
      'POST',
      '/card-orders',
      {
        customerId: this.customerId,
        items: items.map(([productId, quantity]) => ({ productId, quantity })),
        cardToken,
      },
      { 'Idempotency-Key': key, ...headers },
    );
  }

  async statusOf(key: string): Promise<string> {
    return String((await this.shop.get(`/card-orders/${key}`)).body?.status);
  }

  /** Waits until the order has this status, and its saga has come to its end. */
  async settled(key: string, status: string): Promise<Answer> {
    await until(async () => {
      const saga = await this.shop.database.query(
        "SELECT 1 FROM nestjs_database.saga WHERE key = $1 AND state IN ('running', 'compensating')",
        [key],
      );
      return saga.length === 0 && (await this.statusOf(key)) === status;
    }, 30_000);
    return await this.shop.get(`/card-orders/${key}`);
  }

  /** What the bank has booked of the order with this key. */
  async charges(key: string): Promise<BookedCharge[]> {
    return await this.shop.database.query<BookedCharge & Record<string, unknown>>(
      `SELECT requests, amount_cents::int AS amount, voided_at IS NOT NULL AS voided, captured_at IS NOT NULL AS captured,
              refunded_at IS NOT NULL AS refunded
         FROM fake_charge WHERE key LIKE '%:' || $1 || ':%' ORDER BY key`,
      [key],
    );
  }
}

import { Injectable } from '@nestjs/common';
import { Database } from 'nestjs-database';
import { TEST_CARDS, type TestCard } from './test-cards.js';

/** What the bank has in its books of a charge. */
interface Booked {
  readonly amountCents: bigint | null;
  readonly declineCode: string | null;
  readonly requests: number;
  readonly voidedAt: Date | null;
}

/** What the bank says to a request. */
export interface BankAnswer {
  readonly status: number;
  readonly code: string;
  /** What becomes of the answer on its way. */
  readonly answer?: TestCard['answer'];
}

const answerOf = (status: number, code: string): BankAnswer => ({ status, code });

/**
 * The bank behind the fake gateway. Its books are a table, so that it still knows tomorrow what it has charged today, and all
 * instances of the shop have the same bank.
 */
@Injectable()
export class FakeBank {
  constructor(private readonly db: Database) {}

  async charge(
    key: string,
    request: { readonly cardToken: string; readonly amountCents: string; readonly currency: string },
  ): Promise<BankAnswer> {
    const card = TEST_CARDS.get(request.cardToken);
    const amountCents = BigInt(request.amountCents);
    const [booked] = await this.db.sql<Booked>`
      INSERT INTO fake_charge AS c (key, currency, requests) VALUES (${key}, ${request.currency}, 1)
      ON CONFLICT (key) DO UPDATE SET requests = c.requests + 1
      RETURNING amount_cents AS "amountCents", decline_code AS "declineCode", requests, voided_at AS "voidedAt"`;
    if (booked === undefined || booked.voidedAt !== null) return answerOf(409, 'voided');
    if (booked.requests <= (card?.busy ?? 0)) return answerOf(503, 'busy');
    const declined = booked.declineCode ?? (card === undefined ? 'unknown_card' : card.declined);
    if (declined !== undefined) {
      await this.db.sql`UPDATE fake_charge SET decline_code = ${declined} WHERE key = ${key}`;
      return answerOf(402, declined);
    }
    if (booked.amountCents !== null && booked.amountCents !== amountCents) return answerOf(409, 'key_reused');
    const charged = await this.db.sql`
      UPDATE fake_charge SET amount_cents = ${amountCents} WHERE key = ${key} AND voided_at IS NULL RETURNING key`;
    if (charged.length === 0) return answerOf(409, 'voided');
    const isFirst = booked.requests === 1;
    const { answer } = card ?? {};
    return {
      ...answerOf(201, 'authorised'),
      ...(answer !== undefined && (answer !== 'late' || isFirst) && { answer }),
    };
  }

  /** Also before the charge arrives, or where it never does: then it has come too late. */
  async void(key: string): Promise<BankAnswer> {
    const voided = await this.db.sql`
      INSERT INTO fake_charge AS c (key, voided_at) VALUES (${key}, now())
      ON CONFLICT (key) DO UPDATE SET voided_at = coalesce(c.voided_at, now()) WHERE c.captured_at IS NULL RETURNING key`;
    return voided.length > 0 ? answerOf(200, 'voided') : answerOf(409, 'captured');
  }

  async capture(key: string): Promise<BankAnswer> {
    const captured = await this.db.sql`
      UPDATE fake_charge SET captured_at = coalesce(captured_at, now())
      WHERE key = ${key} AND amount_cents IS NOT NULL AND voided_at IS NULL RETURNING key`;
    return captured.length > 0 ? answerOf(200, 'captured') : answerOf(409, 'not_authorised');
  }

  async refund(key: string): Promise<BankAnswer> {
    const refunded = await this.db.sql`
      UPDATE fake_charge SET refunded_at = coalesce(refunded_at, now())
      WHERE key = ${key} AND captured_at IS NOT NULL RETURNING key`;
    return refunded.length > 0 ? answerOf(200, 'refunded') : answerOf(409, 'not_captured');
  }
}

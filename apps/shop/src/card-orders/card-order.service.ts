import { Injectable } from '@nestjs/common';
import {
  SagaFailedError,
  SagaKeyConflictError,
  SagaService,
  Transactional,
  type SagaClass,
} from 'nestjs-database';
import { ShopError, type ShopErrorKind } from '../errors/shop.error.js';
import { CardDeclinedError } from '../partners/partner.errors.js';
import { reasonFor, statusOf, type CardOrder } from './card-order.js';
import {
  CardOrderNotFoundError,
  CardOrderRefusedError,
  KeyReusedError,
  NotCollectedYetError,
  NothingToCancelError,
  NotRefundableError,
  TooLateToCancelError,
} from './card-order.errors.js';
import { CardPaymentRepository } from './card-payment.repository.js';
import { PlaceCardOrder, type CardOrderInput } from './place-card-order.saga.js';
import { RefundCardOrder } from './refund-card-order.saga.js';

/** How long a request waits for the end of a saga, which goes on without it. */
const WAIT_MS = 10_000;

/** What the shop refuses before any money is asked for. */
const REFUSALS: Readonly<Record<string, ShopErrorKind>> = {
  CustomerNotFoundError: 'not-found',
  ProductNotFoundError: 'not-found',
  ProductInactiveError: 'conflict',
  MixedCurrenciesError: 'conflict',
  InsufficientStockError: 'conflict',
  KeyReusedError: 'conflict',
};

/** Card orders as customers see them: asked for, looked at, cancelled, paid back. What is done is up to the sagas. */
@Injectable()
export class CardOrderService {
  constructor(
    private readonly sagas: SagaService,
    private readonly payments: CardPaymentRepository,
  ) {}

  /**
   * All of one moment, while a saga goes on: the payment, its order and the saga are read by a statement each.
   *
   * @throws {CardOrderNotFoundError}
   */
  @Transactional({ isolationLevel: 'RepeatableRead', readOnly: true })
  async get(key: string): Promise<CardOrder> {
    const saga = (await this.sagas.get(PlaceCardOrder, key)) ?? undefined;
    const payment = await this.payments.findByKey(key);
    if (saga === undefined && payment === null) throw new CardOrderNotFoundError(key);
    return { key, status: statusOf(saga, payment), payment, saga };
  }

  /**
   * Orders, and waits for a time for how that ends. Whoever asks again with the same key and the same order gets the first one.
   *
   * @throws {KeyReusedError}
   * @throws {CardDeclinedError}
   * @throws {CardOrderRefusedError}
   * @throws what `reserve` of {@link CardBooking} throws
   */
  async place(key: string, input: CardOrderInput): Promise<CardOrder> {
    const failure = await this.endOf(PlaceCardOrder, key, input);
    // With its figures, which the journal does not keep.
    if (failure?.state === 'compensated' && failure.cause instanceof ShopError) throw failure.cause;
    return refuseFailed(await this.get(key));
  }

  /** Orders, and does not wait. */
  async enqueue(key: string, input: CardOrderInput): Promise<CardOrder> {
    await refuseReuse(this.sagas.enqueue(PlaceCardOrder, { key, input }));
    return refuseFailed(await this.get(key));
  }

  /**
   * Stops an order that is not paid for yet.
   *
   * @throws {CardOrderNotFoundError}
   * @throws {TooLateToCancelError} when it is paid for, or was just then
   * @throws {NothingToCancelError}
   */
  async cancel(key: string): Promise<CardOrder> {
    const before = await this.get(key);
    if (['DECLINED', 'REFUSED', 'FAILED', 'REFUNDED'].includes(before.status))
      throw new NothingToCancelError();
    await this.sagas.cancel(PlaceCardOrder, key);
    const input = before.saga?.input as CardOrderInput | undefined;
    if (input !== undefined && ['PROCESSING', 'CANCELLING'].includes(before.status)) {
      // Joins the one that is under way.
      await this.endOf(PlaceCardOrder, key, input);
    }
    const after = await this.get(key);
    if (['CONFIRMED', 'REFUNDING', 'REFUNDED'].includes(after.status)) throw new TooLateToCancelError(key);
    return after;
  }

  /**
   * Pays all of it back, once, however often it is asked for.
   *
   * @throws {CardOrderNotFoundError}
   * @throws {NotCollectedYetError}
   * @throws {NotRefundableError}
   */
  async refund(key: string): Promise<CardOrder> {
    const found = await this.get(key);
    const { payment } = found;
    if (payment?.status === 'REFUNDED') return found;
    if (payment?.status === 'AUTHORISED') throw new NotCollectedYetError();
    const isPaid = payment?.status === 'CAPTURED' && payment.order.status === 'PAID';
    if (payment === null || !(isPaid || payment.status === 'REFUNDING')) throw new NotRefundableError();
    const input = { orderId: String(payment.orderId) };
    const failure = await this.endOf(RefundCardOrder, key, input);
    if (failure?.cause instanceof ShopError) throw failure.cause;
    const after = await this.get(key);
    // Nothing was decided: the order stands, and whoever asked must not take that for a refund.
    if (failure !== undefined && after.status === 'CONFIRMED') throw failure;
    return after;
  }

  /** How a saga has failed; undefined where it has not, or has not come to its end in time. */
  private async endOf<Input>(
    saga: SagaClass<Input, unknown>,
    key: string,
    input: Input,
  ): Promise<SagaFailedError | undefined> {
    const signal = AbortSignal.timeout(WAIT_MS);
    try {
      await refuseReuse(this.sagas.run(saga, { key, input, signal }));
      return undefined;
    } catch (error) {
      if (error instanceof SagaFailedError) return error;
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    }
  }
}

/** @throws {KeyReusedError} where the key stands for something else */
async function refuseReuse(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw error instanceof SagaKeyConflictError ? new KeyReusedError(error.key) : error;
  }
}

/** An order that came to nothing is no success, at the first request or any later one. */
function refuseFailed(found: CardOrder): CardOrder {
  const { status, saga } = found;
  const reason = reasonFor(found) ?? '';
  const { name = '', message = '' } = saga?.error ?? {};
  const { code } = Object(saga?.error) as { readonly code?: unknown };
  if (name === 'CardDeclinedError' && typeof code === 'string' && status === 'DECLINED')
    throw new CardDeclinedError(code);
  switch (status) {
    case 'DECLINED':
      throw new CardOrderRefusedError('declined', reason);
    case 'FAILED':
      throw new CardOrderRefusedError('partner', reason);
    case 'CANCELLED':
      throw new CardOrderRefusedError('conflict', 'The order was cancelled. Use a new key for another one.');
    case 'REFUSED': {
      const kind = REFUSALS[name];
      // No refusal, but a defect: for the log, and none of the customer's affair.
      if (kind === undefined) throw saga?.error ?? new CardOrderNotFoundError(found.key);
      throw new CardOrderRefusedError(kind, message);
    }
    default:
      return found;
  }
}

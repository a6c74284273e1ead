import { Injectable } from '@nestjs/common';
import { SagaService, Transactional } from 'nestjs-database';
import { CardBooking } from './card-booking.service.js';
import { CardPaymentRepository } from './card-payment.repository.js';

/**
 * Closes sagas that are dead. What they had to do at the gateway somebody has done by hand; what they had to write is written
 * here, so that no order stays where its saga was left.
 */
@Injectable()
export class CardOrderClosing {
  constructor(
    private readonly sagas: SagaService,
    private readonly payments: CardPaymentRepository,
    private readonly booking: CardBooking,
  ) {}

  /**
   * Closes the saga, and brings its order to the end that the saga was on its way to: one that is not confirmed is taken back, the
   * money of a confirmed one is ours, and a refund is paid. All of it, or nothing.
   *
   * @param name - of a saga; those that are about no card order are only closed
   * @param note - what was done
   * @throws SagaNotFoundError when there is none
   * @throws SagaStateError when it is not dead
   */
  @Transactional()
  async close(name: string, key: string, note: string): Promise<void> {
    // First, as it keeps others from the saga until the commit.
    await this.sagas.resolveDead(name, key, note);
    const payment = await this.payments.findOne({ where: { key } });
    if (payment === null) return;
    const { orderId } = payment;
    switch (name) {
      case 'place-card-order': {
        const saga = await this.sagas.get(name, key);
        // One of them at most finds the payment where it has to be.
        await this.booking.release(orderId, saga?.error);
        await this.booking.settle(orderId);
        return;
      }
      case 'refund-card-order':
        await this.booking.settleRefund(orderId);
    }
  }
}

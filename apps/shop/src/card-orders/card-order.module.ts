import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { StockModule } from '../inventory/stock.module.js';
import { OrderModule } from '../orders/order.module.js';
import { CardBooking } from './card-booking.service.js';
import { CardOrderClosing } from './card-order-closing.service.js';
import { CardOrderController } from './card-order.controller.js';
import { CardOrderService } from './card-order.service.js';
import { CardPaymentRepository } from './card-payment.repository.js';
import { OrderEvents } from './order-events.js';
import { OrderNoticeRepository, OrderNotices } from './order-notices.js';
import { PlaceCardOrder } from './place-card-order.saga.js';
import { RefundCardOrder } from './refund-card-order.saga.js';

const repositories = DatabaseModule.forFeature([CardPaymentRepository, OrderNoticeRepository]);

@Module({
  imports: [OrderModule, StockModule, repositories],
  controllers: [CardOrderController],
  providers: [
    CardOrderService,
    CardBooking,
    CardOrderClosing,
    OrderEvents,
    OrderNotices,
    PlaceCardOrder,
    RefundCardOrder,
  ],
  exports: [repositories, CardOrderClosing],
})
export class CardOrderModule {}

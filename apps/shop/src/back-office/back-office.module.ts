import { Module } from '@nestjs/common';
import { CardOrderModule } from '../card-orders/card-order.module.js';
import { ProductModule } from '../products/product.module.js';
import { OutboxController } from './outbox.controller.js';
import { RangeController } from './range.controller.js';
import { SagaAlarm } from './saga-alarm.js';
import { SagaController } from './saga.controller.js';

@Module({
  imports: [ProductModule, CardOrderModule],
  controllers: [RangeController, SagaController, OutboxController],
  providers: [SagaAlarm],
})
export class BackOfficeModule {}

import { Module } from '@nestjs/common';
import { ProductModule } from '../products/product.module.js';
import { OutboxController } from './outbox.controller.js';
import { RangeController } from './range.controller.js';
import { SagaController } from './saga.controller.js';

@Module({ imports: [ProductModule], controllers: [RangeController, SagaController, OutboxController] })
export class BackOfficeModule {}

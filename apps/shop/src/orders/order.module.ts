import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { CustomerModule } from '../customers/customer.module.js';
import { StockModule } from '../inventory/stock.module.js';
import { ProductModule } from '../products/product.module.js';
import { LinePricing } from './line-pricing.js';
import { OrderController } from './order.controller.js';
import { OrderItemRepository } from './order-item.repository.js';
import { OrderList } from './order-list.js';
import { OrderRepository } from './order.repository.js';
import { OrderTracking } from './order-tracking.js';
import { OrderService } from './order.service.js';

const repositories = DatabaseModule.forFeature([OrderRepository, OrderItemRepository]);

@Module({
  imports: [ProductModule, StockModule, CustomerModule, repositories],
  controllers: [OrderController],
  providers: [LinePricing, OrderService, OrderList, OrderTracking],
  exports: [LinePricing, OrderService, repositories],
})
export class OrderModule {}

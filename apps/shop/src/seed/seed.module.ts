import { Module } from '@nestjs/common';
import { CustomerModule } from '../customers/customer.module.js';
import { StockModule } from '../inventory/stock.module.js';
import { OrderModule } from '../orders/order.module.js';
import { ProductModule } from '../products/product.module.js';
import { SeedService } from './seed.service.js';

@Module({
  imports: [ProductModule, StockModule, CustomerModule, OrderModule],
  providers: [SeedService],
  exports: [SeedService],
})
export class SeedModule {}

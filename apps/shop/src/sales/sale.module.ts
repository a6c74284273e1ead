import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { StockModule } from '../inventory/stock.module.js';
import { OrderModule } from '../orders/order.module.js';
import { ReceiptModule } from '../receipts/receipt.module.js';
import { RegisterModule } from '../registers/register.module.js';
import { SaleController } from './sale.controller.js';
import { SaleRepository } from './sale.repository.js';
import { SaleService } from './sale.service.js';

const repositories = DatabaseModule.forFeature([SaleRepository]);

@Module({
  imports: [OrderModule, StockModule, RegisterModule, ReceiptModule, repositories],
  controllers: [SaleController],
  providers: [SaleService],
  exports: [repositories],
})
export class SaleModule {}

import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { StockModule } from '../inventory/stock.module.js';
import { OrderModule } from '../orders/order.module.js';
import { ReceiptModule } from '../receipts/receipt.module.js';
import { RegisterModule } from '../registers/register.module.js';
import { SaleModule } from '../sales/sale.module.js';
import { BoughtLines } from './bought-lines.js';
import { RefundRepository } from './refund.repository.js';
import { ReturnController } from './return.controller.js';
import { ReturnService } from './return.service.js';

@Module({
  imports: [
    SaleModule,
    OrderModule,
    StockModule,
    RegisterModule,
    ReceiptModule,
    DatabaseModule.forFeature([RefundRepository]),
  ],
  controllers: [ReturnController],
  providers: [ReturnService, BoughtLines],
})
export class ReturnModule {}

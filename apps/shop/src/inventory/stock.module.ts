import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { ProductModule } from '../products/product.module.js';
import { ShelfService } from './shelf.service.js';
import { StockController } from './stock.controller.js';
import { StockRepository } from './stock.repository.js';
import { StockService } from './stock.service.js';
import { StorageRepository, StoredItemRepository } from './storage.repository.js';
import { TransferController } from './transfer.controller.js';
import { TransferRepository } from './transfer.repository.js';
import { TransferService } from './transfer.service.js';

const repositories = DatabaseModule.forFeature([
  StockRepository,
  StorageRepository,
  StoredItemRepository,
  TransferRepository,
]);

@Module({
  imports: [ProductModule, repositories],
  controllers: [TransferController, StockController],
  providers: [StockService, ShelfService, TransferService],
  exports: [ShelfService, repositories],
})
export class StockModule {}

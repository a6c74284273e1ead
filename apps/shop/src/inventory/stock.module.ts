import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { ShelfService } from './shelf.service.js';
import { StockController } from './stock.controller.js';
import { StockRepository } from './stock.repository.js';
import { StockService } from './stock.service.js';

const repositories = DatabaseModule.forFeature([StockRepository]);

@Module({
  imports: [repositories],
  controllers: [StockController],
  providers: [StockService, ShelfService],
  exports: [ShelfService, repositories],
})
export class StockModule {}

import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { StockController } from './stock.controller.js';
import { StockRepository } from './stock.repository.js';
import { StockService } from './stock.service.js';

const repositories = DatabaseModule.forFeature([StockRepository]);

@Module({
  imports: [repositories],
  controllers: [StockController],
  providers: [StockService],
  exports: [repositories],
})
export class StockModule {}

import { Module } from '@nestjs/common';
import { ProductModule } from '../products/product.module.js';
import { PriceSummary } from './price-summary.js';
import { ReportController } from './report.controller.js';
import { ReportQueries } from './report.queries.js';

@Module({
  imports: [ProductModule],
  controllers: [ReportController],
  providers: [ReportQueries, PriceSummary],
})
export class ReportModule {}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { PriceSummary } from './price-summary.js';
import { PriceSummaryView } from './price-summary.view.js';
import { LowStockQuery, PricesQuery, SalesQuery, TopCustomersQuery } from './report.dto.js';
import { ReportQueries } from './report.queries.js';
import { LowStockView, SalesByDayView, SalesByProductView, TopCustomersView } from './report.view.js';

const COUNTED = 'Counts every order but the cancelled ones, by the day it was placed on, in UTC.';

@RequiresDatabase()
@ApiTags('Reports')
@Controller('reports')
export class ReportController {
  constructor(
    private readonly reports: ReportQueries,
    private readonly prices: PriceSummary,
  ) {}

  @Get('sales')
  @ApiOperation({
    summary: 'Sales by day or by product',
    description: COUNTED,
    operationId: 'reportSales',
  })
  @ApiExtraModels(SalesByDayView, SalesByProductView)
  @ApiOkResponse({
    schema: {
      oneOf: [{ $ref: getSchemaPath(SalesByDayView) }, { $ref: getSchemaPath(SalesByProductView) }],
    },
  })
  @ApiErrors(400)
  async sales(@Query() query: SalesQuery): Promise<SalesByDayView | SalesByProductView> {
    if (query.by === 'day') return new SalesByDayView(query, await this.reports.salesByDay(query));
    return new SalesByProductView(query, await this.reports.salesByProduct(query, query.limit ?? 100));
  }

  @Get('top-customers')
  @ApiOperation({
    summary: 'The customers who bought for the most',
    description: COUNTED,
    operationId: 'reportTopCustomers',
  })
  @ApiOkResponse({ type: TopCustomersView })
  @ApiErrors(400)
  async topCustomers(@Query() query: TopCustomersQuery): Promise<TopCustomersView> {
    return new TopCustomersView(query, await this.reports.topCustomers(query, query.limit));
  }

  @Get('low-stock')
  @ApiOperation({
    summary: 'What is for sale and has to be ordered again, the most urgent first',
    operationId: 'reportLowStock',
  })
  @ApiOkResponse({ type: [LowStockView] })
  @ApiErrors(400)
  async lowStock(@Query() { threshold, limit }: LowStockQuery): Promise<LowStockView[]> {
    return await this.reports.lowStock(threshold, limit);
  }

  @Get('prices')
  @ApiOperation({ summary: 'What the products for sale cost, by category', operationId: 'reportPrices' })
  @ApiOkResponse({ type: PriceSummaryView })
  @ApiErrors(400)
  async summary(@Query() { currency }: PricesQuery): Promise<PriceSummaryView> {
    return await this.prices.read(currency);
  }
}

import { Controller, Get, Header, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { DaysQuery } from '../reports/report.dto.js';
import { ExportService } from './export.service.js';

const CSV = { content: { 'text/csv': { schema: { type: 'string' as const } } } };

@RequiresDatabase()
@ApiTags('Exports')
@Controller('exports')
export class ExportController {
  constructor(private readonly exports: ExportService) {}

  @Get('orders.csv')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Every line of the orders of some days, as a file for spreadsheets',
    description:
      'It is made while it is read; a connection that breaks off means that the file is not complete.',
    operationId: 'exportOrders',
  })
  @ApiOkResponse({ description: 'In UTF-8, with the names of the columns first.', ...CSV })
  @ApiErrors(400)
  async orders(@Query() { from, to }: DaysQuery): Promise<StreamableFile> {
    return await this.exports.orders({ from, to });
  }

  @Get('products.csv')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The price list, as a file for spreadsheets', operationId: 'exportProducts' })
  @ApiOkResponse({ description: 'In UTF-8, with the names of the columns first.', ...CSV })
  @ApiErrors()
  async products(): Promise<StreamableFile> {
    return await this.exports.products();
  }
}

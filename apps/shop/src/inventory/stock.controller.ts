import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { AdjustStockDto } from './stock.dto.js';
import { StockService } from './stock.service.js';
import { StockView } from './stock.view.js';

@RequiresDatabase()
@ApiTags('Inventory')
@Controller('inventory')
export class StockController {
  constructor(private readonly service: StockService) {}

  @Get(':productId')
  @ApiOperation({ summary: 'Read the stock of a product', operationId: 'getStock' })
  @ApiParam({ name: 'productId', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiOkResponse({ type: StockView })
  @ApiErrors(400, 404)
  async get(@Param('productId', IntIdPipe) productId: number): Promise<StockView> {
    return new StockView(await this.service.get(productId));
  }

  @Post(':productId/adjustments')
  @HttpCode(200)
  @ApiOperation({ summary: 'Add to the stock of a product or take from it', operationId: 'adjustStock' })
  @ApiParam({ name: 'productId', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiBody({ type: AdjustStockDto })
  @ApiOkResponse({ type: StockView, description: 'The stock after the adjustment.' })
  @ApiErrors(400, 404, 409, 413)
  async adjust(
    @Param('productId', IntIdPipe) productId: number,
    @Body() { delta }: AdjustStockDto,
  ): Promise<StockView> {
    return new StockView(await this.service.adjust(productId, delta));
  }
}

import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { PriceChangesDto } from './price-change.dto.js';
import { PriceChangeService } from './price-change.service.js';
import { PriceChangeReportView, PriceChangeView } from './price-change.view.js';

@RequiresDatabase()
@ApiTags('Products')
@Controller('products')
export class PriceChangeController {
  constructor(private readonly service: PriceChangeService) {}

  @Post('price-changes')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Change prices for a reason that is written down',
    description:
      'All that are accepted become visible together. One that is refused is taken back alone; the answer says what became of each.',
    operationId: 'changePrices',
  })
  @ApiBody({ type: PriceChangesDto })
  @ApiOkResponse({ type: PriceChangeReportView })
  @ApiErrors(400, 413)
  async apply(@Body() { prices, reason }: PriceChangesDto): Promise<PriceChangeReportView> {
    return new PriceChangeReportView(await this.service.apply(prices, reason));
  }

  @Get(':id/price-changes')
  @ApiOperation({
    summary: 'Why a product costs what it costs: its latest 100 changes, the last one first',
    operationId: 'listPriceChanges',
  })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiOkResponse({ type: [PriceChangeView] })
  @ApiErrors(400, 404)
  async history(@Param('id', IntIdPipe) id: number): Promise<PriceChangeView[]> {
    return (await this.service.history(id)).map((change) => new PriceChangeView(change));
  }
}

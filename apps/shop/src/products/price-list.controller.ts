import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { PriceListDto } from './price-list.dto.js';
import { PriceListService } from './price-list.service.js';
import { PriceListView } from './price-list.view.js';

@RequiresDatabase()
@ApiTags('Products')
@Controller('products')
export class PriceListController {
  constructor(private readonly service: PriceListService) {}

  @Post('prices')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Set the prices of many products, each on its own',
    description: 'One that cannot be set does not hold up the others; the answer says what became of each.',
    operationId: 'setPrices',
  })
  @ApiBody({ type: PriceListDto })
  @ApiOkResponse({ type: PriceListView })
  @ApiErrors(400, 413)
  async apply(@Body() { prices }: PriceListDto): Promise<PriceListView> {
    return await this.service.apply(prices);
  }
}

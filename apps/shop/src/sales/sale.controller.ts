import { Body, Controller, Get, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { BigIntIdPipe } from '../http/id.pipe.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import { SellDto } from './sale.dto.js';
import { SaleService } from './sale.service.js';
import { SaleView } from './sale.view.js';

@RequiresDatabase()
@ApiTags('Registers')
@Controller('sales')
export class SaleController {
  constructor(private readonly service: SaleService) {}

  @Post()
  @ApiOperation({
    summary: 'Sell over the counter, for cash',
    description:
      "Stock, sale, payment and the register's next receipt number change together, or nothing does. The receipt is printed after that.",
    operationId: 'sell',
  })
  @ApiBody({ type: SellDto })
  @ApiCreatedResponse({ type: SaleView, headers: LOCATION_HEADER })
  @ApiErrors(400, 404, 409, 413)
  async sell(
    @Body() { registerId, items, tenderedCents }: SellDto,
    @Res({ passthrough: true }) response: HeaderBag,
  ): Promise<SaleView> {
    const sale = await this.service.sell(registerId, items, BigInt(tenderedCents));
    response.setHeader('Location', `/sales/${sale.id}`);
    return new SaleView(sale);
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a sale with its lines and its payment', operationId: 'getSale' })
  @ApiParam({ name: 'id', schema: { type: 'string', pattern: '^[1-9]\\d*$' }, example: '1' })
  @ApiOkResponse({ type: SaleView })
  @ApiErrors(400, 404)
  async get(@Param('id', BigIntIdPipe) id: bigint): Promise<SaleView> {
    return new SaleView(await this.service.get(id));
  }
}

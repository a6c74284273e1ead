import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { TransferDto } from './transfer.dto.js';
import { TransferService } from './transfer.service.js';
import { PlacedQuantityView, TransferView } from './transfer.view.js';

@RequiresDatabase()
@ApiTags('Inventory')
@Controller('inventory')
export class TransferController {
  constructor(private readonly service: TransferService) {}

  @Post('transfers')
  @ApiOperation({
    summary: 'Carry goods between the shop floor and a storage, or between storages',
    description: 'All of them or none; no place ever has less than nothing.',
    operationId: 'transferStock',
  })
  @ApiBody({ type: TransferDto })
  @ApiCreatedResponse({ type: TransferView })
  @ApiErrors(400, 404, 409, 413)
  async move(@Body() { from, to, items }: TransferDto): Promise<TransferView> {
    return new TransferView(await this.service.move(from, to, items));
  }

  @Get(':productId/places')
  @ApiOperation({ summary: 'Where the pieces of a product are', operationId: 'getPlaces' })
  @ApiParam({ name: 'productId', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiOkResponse({ type: [PlacedQuantityView] })
  @ApiErrors(400, 404)
  async whereIs(@Param('productId', IntIdPipe) productId: number): Promise<PlacedQuantityView[]> {
    return (await this.service.whereIs(productId)).map((placed) => new PlacedQuantityView(placed));
  }
}

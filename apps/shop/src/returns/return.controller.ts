import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { BigIntIdPipe } from '../http/id.pipe.js';
import { ReturnDto } from './return.dto.js';
import { ReturnService } from './return.service.js';
import { RefundView } from './return.view.js';

const ID = { name: 'id', schema: { type: 'string', pattern: '^[1-9]\\d*$' }, example: '1' } as const;
const DESCRIPTION =
  'Not more of a line than was bought, all returns together. The goods go back to the shop floor, and the money is paid back in cash.';

@RequiresDatabase()
@ApiTags('Registers')
@Controller()
export class ReturnController {
  constructor(private readonly service: ReturnService) {}

  @Post('sales/:id/returns')
  @ApiOperation({
    summary: 'Take back what was sold over the counter',
    description: DESCRIPTION,
    operationId: 'returnOfSale',
  })
  @ApiParam(ID)
  @ApiBody({ type: ReturnDto })
  @ApiCreatedResponse({ type: RefundView })
  @ApiErrors(400, 404, 409, 413)
  async ofSale(
    @Param('id', BigIntIdPipe) id: bigint,
    @Body() { registerId, lines }: ReturnDto,
  ): Promise<RefundView> {
    return new RefundView(await this.service.ofSale(id, registerId, lines));
  }

  @Post('orders/:id/returns')
  @ApiOperation({
    summary: 'Take back what was ordered',
    description: DESCRIPTION,
    operationId: 'returnOfOrder',
  })
  @ApiParam(ID)
  @ApiBody({ type: ReturnDto })
  @ApiCreatedResponse({ type: RefundView })
  @ApiErrors(400, 404, 409, 413)
  async ofOrder(
    @Param('id', BigIntIdPipe) id: bigint,
    @Body() { registerId, lines }: ReturnDto,
  ): Promise<RefundView> {
    return new RefundView(await this.service.ofOrder(id, registerId, lines));
  }
}

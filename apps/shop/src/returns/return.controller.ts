import { applyDecorators, Body, Controller, Param, Post } from '@nestjs/common';
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

const TakeBack = (path: string, summary: string, operationId: string) =>
  applyDecorators(
    Post(path),
    ApiOperation({ summary, description: DESCRIPTION, operationId }),
    ApiParam(ID),
    ApiBody({ type: ReturnDto }),
    ApiCreatedResponse({ type: RefundView }),
    ApiErrors(400, 404, 409, 413),
  );

@RequiresDatabase()
@ApiTags('Registers')
@Controller()
export class ReturnController {
  constructor(private readonly service: ReturnService) {}

  @TakeBack('sales/:id/returns', 'Take back what was sold over the counter', 'returnOfSale')
  async ofSale(
    @Param('id', BigIntIdPipe) id: bigint,
    @Body() { registerId, lines }: ReturnDto,
  ): Promise<RefundView> {
    return new RefundView(await this.service.ofSale(id, registerId, lines));
  }

  @TakeBack('orders/:id/returns', 'Take back what was ordered', 'returnOfOrder')
  async ofOrder(
    @Param('id', BigIntIdPipe) id: bigint,
    @Body() { registerId, lines }: ReturnDto,
  ): Promise<RefundView> {
    return new RefundView(await this.service.ofOrder(id, registerId, lines));
  }
}

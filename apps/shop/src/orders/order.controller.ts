import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { BigIntIdPipe } from '../http/id.pipe.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import { toPageView } from '../http/page.js';
import { ListOrdersQuery, PLACE_ORDER_EXAMPLE, PlaceOrderDto } from './order.dto.js';
import { OrderRepository } from './order.repository.js';
import { OrderService } from './order.service.js';
import { OrderPageView, OrderView } from './order.view.js';

@RequiresDatabase()
@ApiTags('Orders')
@Controller('orders')
export class OrderController {
  constructor(
    private readonly service: OrderService,
    private readonly orders: OrderRepository,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Place an order',
    description:
      'At the prices of this moment. The stock of every product is reduced together with the order, or nothing happens.',
    operationId: 'placeOrder',
  })
  @ApiBody({
    type: PlaceOrderDto,
    examples: { order: { summary: 'Two products', value: PLACE_ORDER_EXAMPLE } },
  })
  @ApiCreatedResponse({ type: OrderView, headers: LOCATION_HEADER })
  @ApiErrors(400, 404, 409, 413)
  async place(
    @Body() { customerId, items }: PlaceOrderDto,
    @Res({ passthrough: true }) response: HeaderBag,
  ): Promise<OrderView> {
    const order = await this.service.place(customerId, items);
    response.setHeader('Location', `/orders/${order.id}`);
    return new OrderView(order);
  }

  @Get()
  @ApiOperation({ summary: 'List orders, newest first', operationId: 'listOrders' })
  @ApiOkResponse({ type: OrderPageView })
  @ApiErrors(400)
  async list(@Query() query: ListOrdersQuery): Promise<OrderPageView> {
    const page = await this.orders.findPage(query.customerId, query);
    return toPageView(page, query, (row) => new OrderView(row));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an order with its items', operationId: 'getOrder' })
  @ApiParam({ name: 'id', schema: { type: 'string', pattern: '^[1-9]\\d*$' }, example: '1' })
  @ApiOkResponse({ type: OrderView })
  @ApiErrors(400, 404)
  async get(@Param('id', BigIntIdPipe) id: bigint): Promise<OrderView> {
    return new OrderView(await this.service.get(id));
  }
}

import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { BigIntIdPipe } from '../http/id.pipe.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import { ApiListQuery } from '../http/list-query.decorator.js';
import { toPageView } from '../http/page.view.js';
import { OrderList } from './order-list.js';
import { PLACE_ORDER_EXAMPLE, PlaceOrderDto } from './order.dto.js';
import { ORDER_LIST } from './order.query.js';
import { OrderTracking } from './order-tracking.js';
import { OrderService } from './order.service.js';
import { TrackOrderDto } from './track-order.dto.js';
import { ListedOrderView, OrderPageView, OrderView } from './order.view.js';

@RequiresDatabase()
@ApiTags('Orders')
@Controller('orders')
export class OrderController {
  constructor(
    private readonly service: OrderService,
    private readonly orders: OrderList,
    private readonly tracking: OrderTracking,
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

  @Post('track')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Read an order by its number and the address it was ordered with',
    description: 'A POST, so that the address gets into no log of addresses.',
    operationId: 'trackOrder',
  })
  @ApiBody({ type: TrackOrderDto })
  @ApiOkResponse({ type: OrderView })
  @ApiErrors(400, 404, 413)
  async track(
    // As it came: what is wrong with it is said where it is used.
    @Body() body: unknown,
  ): Promise<OrderView> {
    return new OrderView(await this.tracking.find(body));
  }

  @Get()
  @ApiOperation({ summary: 'List orders', operationId: 'listOrders' })
  @ApiListQuery(ORDER_LIST)
  @ApiOkResponse({ type: OrderPageView })
  @ApiErrors(400)
  async list(@Query() query: Record<string, unknown>): Promise<OrderPageView> {
    return toPageView(await this.orders.read(query), (row) => new ListedOrderView(row));
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

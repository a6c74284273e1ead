import { Body, Controller, Get, Headers, HttpCode, HttpStatus, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import type { CardOrder } from './card-order.js';
import { PLACE_CARD_ORDER_EXAMPLE, PlaceCardOrderDto } from './card-order.dto.js';
import { CardOrderService } from './card-order.service.js';
import { CardOrderView } from './card-order.view.js';
import { ApiIdempotencyKey, ApiKeyParam, IdempotencyKey, KeyPipe } from './idempotency-key.js';

interface StatusBag extends HeaderBag {
  status(code: number): unknown;
}

const UNDER_WAY = ['PROCESSING', 'CANCELLING', 'REFUNDING', 'IN_REVIEW'];

@RequiresDatabase()
@ApiTags('Card orders')
@Controller('card-orders')
export class CardOrderController {
  constructor(private readonly service: CardOrderService) {}

  @Post()
  @ApiOperation({
    summary: 'Order and pay by card',
    description:
      'The goods are set aside, the amount is set aside on the card, then both are final; when something fails before, all of it is taken back. It goes on after a crash of the shop. Safe to repeat with the same key.',
    operationId: 'placeCardOrder',
  })
  @ApiIdempotencyKey()
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`respond-async` answers at once, with 202.',
    schema: { type: 'string' },
  })
  @ApiBody({
    type: PlaceCardOrderDto,
    examples: { order: { summary: 'One product', value: PLACE_CARD_ORDER_EXAMPLE } },
  })
  @ApiCreatedResponse({ type: CardOrderView, headers: LOCATION_HEADER })
  @ApiAcceptedResponse({
    type: CardOrderView,
    headers: LOCATION_HEADER,
    description: 'It takes longer; ask at `Location` how it went.',
  })
  @ApiErrors(400, 402, 404, 409, 413, 502)
  async place(
    @IdempotencyKey() key: string,
    @Headers('prefer') prefer: string | undefined,
    @Body() { customerId, items, cardToken }: PlaceCardOrderDto,
    @Res({ passthrough: true }) response: StatusBag,
  ): Promise<CardOrderView> {
    // Plain objects, as the input of a saga is JSON.
    const wanted = items.map(({ productId, quantity }) => ({ productId, quantity }));
    const input = { customerId, items: wanted, cardToken };
    const isAsync = prefer?.includes('respond-async') === true;
    const found = await (isAsync ? this.service.enqueue(key, input) : this.service.place(key, input));
    response.setHeader('Location', `/card-orders/${key}`);
    return answer(found, response, HttpStatus.CREATED);
  }

  @Get(':key')
  @ApiOperation({ summary: 'See where a card order stands', operationId: 'getCardOrder' })
  @ApiKeyParam()
  @ApiOkResponse({ type: CardOrderView })
  @ApiErrors(400, 404)
  async get(@Param('key', KeyPipe) key: string): Promise<CardOrderView> {
    return new CardOrderView(await this.service.get(key));
  }

  @Post(':key/cancel')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Cancel a card order that is not paid for yet',
    description:
      'What was set aside is given back. Once it is paid for that is too late, and a refund is the way.',
    operationId: 'cancelCardOrder',
  })
  @ApiKeyParam()
  @ApiOkResponse({ type: CardOrderView })
  @ApiAcceptedResponse({ type: CardOrderView, description: 'It is being cancelled.' })
  @ApiErrors(400, 404, 409)
  async cancel(
    @Param('key', KeyPipe) key: string,
    @Res({ passthrough: true }) response: StatusBag,
  ): Promise<CardOrderView> {
    return answer(await this.service.cancel(key), response, HttpStatus.OK);
  }

  @Post(':key/refund')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Pay back a card order in full',
    description: 'Once, however often it is asked for. The goods go back to the shelves.',
    operationId: 'refundCardOrder',
  })
  @ApiKeyParam()
  @ApiOkResponse({ type: CardOrderView })
  @ApiAcceptedResponse({ type: CardOrderView, description: 'It is being paid back.' })
  @ApiErrors(400, 404, 409)
  async refund(
    @Param('key', KeyPipe) key: string,
    @Res({ passthrough: true }) response: StatusBag,
  ): Promise<CardOrderView> {
    return answer(await this.service.refund(key), response, HttpStatus.OK);
  }
}

function answer(found: CardOrder, response: StatusBag, done: HttpStatus): CardOrderView {
  response.status(UNDER_WAY.includes(found.status) ? HttpStatus.ACCEPTED : done);
  return new CardOrderView(found);
}

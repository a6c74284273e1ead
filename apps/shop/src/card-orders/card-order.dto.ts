import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { PlaceOrderDto } from '../orders/order.dto.js';

export class PlaceCardOrderDto extends PlaceOrderDto {
  @ApiProperty({
    type: String,
    pattern: '^[\\w-]{1,100}$',
    description:
      'What the gateway knows the card by. `tok_visa` is charged; `tok_declined`, `tok_no_funds`, `tok_busy`, `tok_slow`, `tok_cut` and `tok_silent` do what they say.',
    example: 'tok_visa',
  })
  @Matches(/^[\w-]{1,100}$/, { message: 'must be 1 to 100 letters, digits, hyphens and underscores' })
  readonly cardToken!: string;
}

export const PLACE_CARD_ORDER_EXAMPLE = {
  customerId: 1,
  items: [{ productId: 1, quantity: 1 }],
  cardToken: 'tok_visa',
};

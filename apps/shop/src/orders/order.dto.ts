import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, ValidateNested } from 'class-validator';
import { IsId, IsWholeNumber } from '../http/fields.decorator.js';
import { MAX_INT } from '../http/id.pipe.js';

/**
 * With prices of at most 2^31 - 1 cents, the largest possible order comes to about 2 * 10^16 cents: far inside
 * PostgreSQL's `bigint`, and outside what a floating-point number holds exactly.
 */
const MAX_QUANTITY = 100_000;
const MAX_ITEMS = 100;

export class OrderItemDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_INT, example: 1 })
  @IsId()
  readonly productId!: number;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_QUANTITY, example: 2 })
  @IsWholeNumber(1, MAX_QUANTITY)
  readonly quantity!: number;
}

export class PlaceOrderDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_INT, example: 1 })
  @IsId()
  readonly customerId!: number;

  @ApiProperty({
    type: [OrderItemDto],
    minItems: 1,
    maxItems: MAX_ITEMS,
    description: 'A product that is named twice is ordered once, with the sum of both quantities.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ITEMS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => OrderItemDto)
  readonly items!: OrderItemDto[];
}

export const PLACE_ORDER_EXAMPLE = {
  customerId: 1,
  items: [
    { productId: 1, quantity: 2 },
    { productId: 2, quantity: 1 },
  ],
};

import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, ValidateNested } from 'class-validator';
import { IsId, IsWholeNumber } from '../http/fields.decorator.js';
import { MAX_INT } from '../http/id.pipe.js';
import { OrderItemDto } from '../orders/order.dto.js';

const MAX_ITEMS = 100;

export class SellDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_INT, example: 1 })
  @IsId()
  readonly registerId!: number;

  @ApiProperty({
    type: [OrderItemDto],
    minItems: 1,
    maxItems: MAX_ITEMS,
    description: 'A product that is named twice is sold once, with the sum of both quantities.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ITEMS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => OrderItemDto)
  readonly items!: OrderItemDto[];

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'The cash that the customer hands over, in cents.',
    example: 10_000,
  })
  @IsWholeNumber(0, Number.MAX_SAFE_INTEGER)
  readonly tenderedCents!: number;
}

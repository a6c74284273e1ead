import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsObject,
  IsString,
  Matches,
  ValidateNested,
} from 'class-validator';
import { IsWholeNumber } from '../http/fields.decorator.js';
import { MAX_INT } from '../http/id.pipe.js';

const MAX_CHANGES = 1_000;

export class NewPriceDto {
  @ApiProperty({ type: String, maxLength: 40, example: 'LIGHT-0001' })
  @IsString()
  @Matches(/^[A-Z0-9][A-Z0-9-]{2,39}$/, { message: 'must be a SKU' })
  readonly sku!: string;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_INT, description: 'In cents.', example: 4990 })
  @IsWholeNumber(0, MAX_INT)
  readonly priceCents!: number;
}

export class PriceListDto {
  @ApiProperty({ type: [NewPriceDto], minItems: 1, maxItems: MAX_CHANGES })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_CHANGES)
  @ArrayUnique((item: { readonly sku?: unknown } | null | undefined) => item?.sku, {
    message: 'must name each SKU once',
  })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => NewPriceDto)
  readonly prices!: NewPriceDto[];
}

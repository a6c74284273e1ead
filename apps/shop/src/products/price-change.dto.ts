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
import { IsText, IsWholeNumber } from '../http/fields.decorator.js';
import { MAX_INT } from '../http/id.pipe.js';

/** Each is a savepoint of one transaction. */
const MAX_CHANGES = 200;

export class ChangedPriceDto {
  @ApiProperty({ type: String, maxLength: 40, example: 'LIGHT-0001' })
  @IsString()
  @Matches(/^[A-Z0-9][A-Z0-9-]{2,39}$/, { message: 'must be a SKU' })
  readonly sku!: string;

  @ApiProperty({
    type: 'integer',
    minimum: -MAX_INT,
    maximum: MAX_INT,
    description: 'In cents. One below 0 is refused alone, and does not hold up the others.',
    example: 4990,
  })
  @IsWholeNumber(-MAX_INT, MAX_INT)
  readonly priceCents!: number;
}

export class PriceChangesDto {
  @ApiProperty({ type: String, minLength: 1, maxLength: 200, example: 'Spring sale' })
  @IsText(1, 200)
  readonly reason!: string;

  @ApiProperty({ type: [ChangedPriceDto], minItems: 1, maxItems: MAX_CHANGES })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_CHANGES)
  @ArrayUnique((item: { readonly sku?: unknown } | null | undefined) => item?.sku, {
    message: 'must name each SKU once',
  })
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ChangedPriceDto)
  readonly prices!: ChangedPriceDto[];
}

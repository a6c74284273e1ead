import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsObject,
  IsString,
  Matches,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { IsId, IsWholeNumber } from '../http/fields.decorator.js';
import { MAX_INT } from '../http/id.pipe.js';

const MAX_ITEMS = 100;
/** So that the sum of all entries for one product stays in the range of the column. */
const MAX_QUANTITY = 1_000_000;

function IsPlace(description: string, example: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, pattern: '^[A-Z][A-Z0-9-]{0,39}$', description, example }),
    IsString(),
    Matches(/^[A-Z][A-Z0-9-]{0,39}$/, { message: 'must be FLOOR or the code of a storage' }),
  );
}

export class TransferItemDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_INT, example: 1 })
  @IsId()
  readonly productId!: number;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_QUANTITY, example: 12 })
  @IsWholeNumber(1, MAX_QUANTITY)
  readonly quantity!: number;
}

export class TransferDto {
  @IsPlace('FLOOR, or the code of a storage.', 'FLOOR')
  readonly from!: string;

  @IsPlace('FLOOR, or the code of a storage; another place than `from`.', 'WAREHOUSE')
  @ValidateBy({
    name: 'isElsewhere',
    validator: {
      validate: (to, args) => to !== (args?.object as TransferDto).from,
      defaultMessage: () => 'must be another place than `from`',
    },
  })
  readonly to!: string;

  @ApiProperty({
    type: [TransferItemDto],
    minItems: 1,
    maxItems: MAX_ITEMS,
    description: 'A product that is named twice is carried once, with the sum of both quantities.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_ITEMS)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => TransferItemDto)
  readonly items!: TransferItemDto[];
}

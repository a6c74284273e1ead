import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsObject, ValidateNested } from 'class-validator';
import { IsId, IsWholeNumber } from '../http/fields.decorator.js';
import { MAX_INT } from '../http/id.pipe.js';

const MAX_LINES = 100;
/** So that the sum of all entries for one line stays in the range of the column. */
const MAX_QUANTITY = 10_000_000;

export class ReturnedLineDto {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_INT, example: 1 })
  @IsId()
  readonly lineNo!: number;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_QUANTITY, example: 1 })
  @IsWholeNumber(1, MAX_QUANTITY)
  readonly quantity!: number;
}

export class ReturnDto {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: MAX_INT,
    description: 'The register that pays the money back.',
    example: 1,
  })
  @IsId()
  readonly registerId!: number;

  @ApiProperty({ type: [ReturnedLineDto], minItems: 1, maxItems: MAX_LINES })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_LINES)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ReturnedLineDto)
  readonly lines!: ReturnedLineDto[];
}

import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  ValidateNested,
} from 'class-validator';
import { FromQuery, IsId, IsText, IsWholeNumber, MayBeAbsent } from '../http/fields.decorator.js';
import { MAX_INT } from '../http/id.pipe.js';

export class CreateProductDto {
  @ApiProperty({ type: String, maxLength: 40, pattern: '^[A-Z0-9][A-Z0-9-]{2,39}$', example: 'LAMP-NEW-1' })
  @IsString()
  @Matches(/^[A-Z0-9][A-Z0-9-]{2,39}$/, {
    message: 'must be 3 to 40 capital letters, digits and hyphens, and not begin with a hyphen',
  })
  readonly sku!: string;

  @ApiProperty({ type: String, minLength: 1, maxLength: 200, example: 'Brass Reading Lamp' })
  @IsText(1, 200)
  readonly name!: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 2000 })
  @IsOptional()
  @IsText(0, 2000)
  readonly description?: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_INT, description: 'In cents.', example: 4990 })
  @IsWholeNumber(0, MAX_INT)
  readonly priceCents!: number;

  @ApiPropertyOptional({ type: String, pattern: '^[A-Z]{3}$', default: 'EUR', description: 'ISO 4217.' })
  @MayBeAbsent()
  @IsString()
  @Matches(/^[A-Z]{3}$/, { message: 'must be a currency of ISO 4217, such as EUR' })
  readonly currency?: string;

  @ApiProperty({
    type: String,
    pattern: '^\\d{1,5}(\\.\\d{1,3})?$',
    description: 'A decimal in kilograms, as text so that no digit is lost.',
    example: '1.250',
  })
  @IsString()
  @Matches(/^\d{1,5}(\.\d{1,3})?$/, {
    message: 'must be a text such as "1.250", with at most 5 and 3 digits',
  })
  readonly weightKg!: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_INT, example: 1 })
  @IsId()
  readonly categoryId!: number;

  @ApiPropertyOptional({ type: Boolean, default: true, description: 'Whether it is for sale.' })
  @MayBeAbsent()
  @IsBoolean()
  readonly active?: boolean;
}

/** What is left out stays as it is. */
export class UpdateProductDto extends PartialType(CreateProductDto, { skipNullProperties: false }) {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: MAX_INT,
    description: 'The version that was read; when the product has another one by now, nothing is changed.',
    example: 1,
  })
  @IsId()
  readonly version!: number;
}

/** Which product, as it was seen. */
export class WithdrawProductQuery {
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_INT, description: 'The version that was read.' })
  @FromQuery()
  @IsId()
  readonly version!: number;
}

const MAX_IMPORT = 1_000;

export class ImportProductsDto {
  @ApiProperty({ type: [CreateProductDto], minItems: 1, maxItems: MAX_IMPORT })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_IMPORT)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => CreateProductDto)
  readonly products!: CreateProductDto[];
}

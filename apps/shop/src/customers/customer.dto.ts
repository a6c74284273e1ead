import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, MaxLength } from 'class-validator';
import { IsText, MayBeAbsent } from '../http/fields.decorator.js';
import { PageQuery } from '../http/page.js';

export class ListCustomersQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, description: 'Part of the name or of the address.', maxLength: 100 })
  @MayBeAbsent()
  @IsText(1, 100)
  readonly search?: string;
}

export class CreateCustomerDto {
  @ApiProperty({
    type: String,
    format: 'email',
    maxLength: 254,
    description: 'Kept in lower case; one customer for each address.',
    example: 'ada.fischer.new@example.com',
  })
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim().toLowerCase() : value,
  )
  @IsEmail()
  @MaxLength(254)
  readonly email!: string;

  @ApiProperty({ type: String, minLength: 1, maxLength: 200, example: 'Ada Fischer' })
  @IsText(1, 200)
  readonly name!: string;
}

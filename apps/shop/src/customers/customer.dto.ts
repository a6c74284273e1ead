import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsEmail, MaxLength } from 'class-validator';
import { IsText } from '../http/fields.decorator.js';

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

/** Describes what the guard lets through. */
export class ChangeCustomerDto {
  @ApiProperty({ type: String, minLength: 1, maxLength: 200, example: 'Ada Fischer' })
  readonly name!: string;
}

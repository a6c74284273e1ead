import { ApiProperty } from '@nestjs/swagger';

/** Describes what is read of the body; the values are checked where they meet the query. */
export class TrackOrderDto {
  @ApiProperty({
    type: String,
    pattern: '^[1-9]\\d*$',
    description: 'The number of the order.',
    example: '1',
  })
  readonly orderId!: string;

  @ApiProperty({ type: String, format: 'email', description: 'The address it was ordered with.' })
  readonly email!: string;
}

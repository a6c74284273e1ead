import { ApiProperty } from '@nestjs/swagger';
import { NotEquals } from 'class-validator';
import { IsWholeNumber } from '../http/fields.decorator.js';

const MAX_DELTA = 1_000_000;

export class AdjustStockDto {
  @ApiProperty({
    type: 'integer',
    minimum: -MAX_DELTA,
    maximum: MAX_DELTA,
    description: 'Pieces that arrive, or leave where negative; not 0.',
    example: 12,
  })
  @IsWholeNumber(-MAX_DELTA, MAX_DELTA)
  @NotEquals(0)
  readonly delta!: number;
}

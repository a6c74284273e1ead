import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { FromQuery, IsWholeNumber } from '../http/fields.decorator.js';

export const SHOWN = ['all', 'offered', 'withdrawn'] as const;

/** A page of the table of all products, by its number. */
export class RangeQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 10_000, default: 1 })
  @FromQuery()
  @IsWholeNumber(1, 10_000)
  readonly page: number = 1;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 25 })
  @FromQuery()
  @IsWholeNumber(1, 100)
  readonly pageSize: number = 25;

  @ApiPropertyOptional({ enum: SHOWN, default: 'all', description: 'Of which products.' })
  @IsIn(SHOWN, { message: `must be one of ${SHOWN.join(', ')}` })
  readonly show: (typeof SHOWN)[number] = 'all';
}

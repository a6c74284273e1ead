import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Matches, ValidateBy } from 'class-validator';
import { FromQuery, IsWholeNumber, MayBeAbsent } from '../http/fields.decorator.js';
import { countDays, isDay, MAX_DAYS, type Days } from './report-days.js';

const MAX_ROWS = 1_000;
const MAX_THRESHOLD = 1_000_000;

function IsDay(): PropertyDecorator {
  const expected = 'must be a day of the calendar such as 2025-12-31';
  return ValidateBy({ name: 'isDay', validator: { validate: isDay, defaultMessage: () => expected } });
}

/** Of the last day; says nothing where one of the two is no day, as that is said already. */
function EndsInRange(): PropertyDecorator {
  return ValidateBy({
    name: 'endsInRange',
    validator: {
      validate: (to, args) => {
        const { from } = args?.object as Partial<Days>;
        if (!isDay(from) || !isDay(to)) return true;
        const days = countDays({ from, to });
        return days >= 1 && days <= MAX_DAYS;
      },
      defaultMessage: () => `must not be before \`from\`, and at most ${MAX_DAYS} days with it`,
    },
  });
}

function IsCurrency(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, pattern: '^[A-Z]{3}$', default: 'EUR', description: 'ISO 4217.' }),
    IsString(),
    Matches(/^[A-Z]{3}$/, { message: 'must be a currency of ISO 4217, such as EUR' }),
  );
}

/** Some days, the first and the last included. */
export class DaysQuery implements Days {
  @ApiProperty({ type: String, format: 'date', description: 'The first day, in UTC.', example: '2025-12-01' })
  @IsDay()
  readonly from!: string;

  @ApiProperty({
    type: String,
    format: 'date',
    description: `The last day, in UTC; at most ${MAX_DAYS} days with the first.`,
    example: '2025-12-31',
  })
  @IsDay()
  @EndsInRange()
  readonly to!: string;
}

/** The days a report is about, and the currency: sums never mix two. */
export class ReportQuery extends DaysQuery {
  @IsCurrency()
  readonly currency: string = 'EUR';
}

export class PricesQuery {
  @IsCurrency()
  readonly currency: string = 'EUR';
}

export const SALES_BY = ['day', 'product'] as const;

export class SalesQuery extends ReportQuery {
  @ApiPropertyOptional({ enum: SALES_BY, default: 'day' })
  @IsIn(SALES_BY, { message: `must be one of ${SALES_BY.join(', ')}` })
  readonly by: (typeof SALES_BY)[number] = 'day';

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MAX_ROWS,
    description: 'How many products, the best first; all days are always listed. 100 unless said.',
  })
  @MayBeAbsent()
  @FromQuery()
  @ValidateBy({
    name: 'onlyOfProducts',
    validator: {
      validate: (_limit, args) => (args?.object as SalesQuery).by !== 'day',
      defaultMessage: () => 'is of `by=product` only',
    },
  })
  @IsWholeNumber(1, MAX_ROWS)
  readonly limit?: number;
}

export class TopCustomersQuery extends ReportQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_ROWS, default: 10 })
  @FromQuery()
  @IsWholeNumber(1, MAX_ROWS)
  readonly limit: number = 10;
}

export class LowStockQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MAX_THRESHOLD,
    description: "At or below this quantity; each product's own reorder level unless given.",
  })
  @MayBeAbsent()
  @FromQuery()
  @IsWholeNumber(0, MAX_THRESHOLD)
  readonly threshold?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_ROWS, default: 100 })
  @FromQuery()
  @IsWholeNumber(1, MAX_ROWS)
  readonly limit: number = 100;
}

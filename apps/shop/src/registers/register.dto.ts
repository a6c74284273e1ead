import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { isDay } from '../reports/report-days.js';

function IsDay(): PropertyDecorator {
  const expected = 'must be a day of the calendar such as 2025-12-31';
  return applyDecorators(
    ApiProperty({ type: String, format: 'date', example: '2025-12-31' }),
    ValidateBy({ name: 'isDay', validator: { validate: isDay, defaultMessage: () => expected } }),
  );
}

export class OpenRegisterDto {
  @IsDay()
  readonly day!: string;
}

export class EndOfDayQuery {
  @IsDay()
  readonly day!: string;
}

import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsUUID } from 'class-validator';
import { FromQuery, IsText, IsWholeNumber, MayBeAbsent } from '../http/fields.decorator.js';

const NO_ID = { message: 'is no id of a message' };

/** Which dead letters. */
export class DeadLetterQuery {
  @ApiPropertyOptional({ type: String, example: 'order.letters' })
  @MayBeAbsent()
  @IsText(1, 255)
  readonly topic?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 25 })
  @FromQuery()
  @IsWholeNumber(1, 100)
  readonly limit: number = 25;

  @ApiPropertyOptional({ type: String, format: 'uuid', description: '`next` of the page before.' })
  @MayBeAbsent()
  @IsUUID(undefined, NO_ID)
  readonly after?: string;
}

/** The ones with these ids, or all of a topic. */
export class RetryDeadLettersDto {
  @ApiPropertyOptional({ type: [String], format: 'uuid', minItems: 1, maxItems: 100 })
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsUUID(undefined, { each: true, ...NO_ID })
  readonly ids?: string[];

  @ApiPropertyOptional({ type: String, example: 'order.letters' })
  @MayBeAbsent()
  @IsText(1, 255)
  readonly topic?: string;
}

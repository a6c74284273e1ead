import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsUUID, Matches } from 'class-validator';
import type { SagaState } from 'nestjs-database';
import { FromQuery, IsText, IsWholeNumber, MayBeAbsent } from '../http/fields.decorator.js';

export const SAGA_STATES = [
  'running',
  'compensating',
  'completed',
  'compensated',
  'dead',
] as const satisfies SagaState[];
const DIRECTIONS = ['forward', 'back'] as const;
const NAME = /^[a-z][a-z0-9-]{0,62}$/i;

/** Which sagas; all that is given has to be true of them. */
export class SagaQuery {
  @ApiPropertyOptional({ enum: SAGA_STATES })
  @MayBeAbsent()
  @IsIn(SAGA_STATES, { message: `must be one of ${SAGA_STATES.join(', ')}` })
  readonly state?: SagaState;

  @ApiPropertyOptional({ type: String, example: 'place-card-order' })
  @MayBeAbsent()
  @Matches(NAME, { message: 'is no name of a saga' })
  readonly name?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 31_536_000,
    description: 'Those that nothing has happened to for as long, in seconds.',
  })
  @MayBeAbsent()
  @FromQuery()
  @IsWholeNumber(0, 31_536_000)
  readonly idleForSeconds?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 25 })
  @FromQuery()
  @IsWholeNumber(1, 100)
  readonly limit: number = 25;

  @ApiPropertyOptional({ type: String, format: 'uuid', description: '`next` of the page before.' })
  @MayBeAbsent()
  @IsUUID(undefined, { message: 'is no id of a saga' })
  readonly after?: string;
}

export class RetrySagaDto {
  @ApiPropertyOptional({
    enum: DIRECTIONS,
    description: 'Default: where it was going. Nothing leads back from behind the pivot.',
  })
  @MayBeAbsent()
  @IsIn(DIRECTIONS, { message: `must be one of ${DIRECTIONS.join(', ')}` })
  readonly direction?: (typeof DIRECTIONS)[number];

  @ApiPropertyOptional({ type: String, minLength: 1, maxLength: 1_000, example: 'The gateway is back.' })
  @MayBeAbsent()
  @IsText(1, 1_000)
  readonly note?: string;
}

/** What was done by hand, for those who look at it later. */
export class NoteDto {
  @ApiProperty({ type: String, minLength: 1, maxLength: 1_000, example: 'Sent by post instead.' })
  @IsText(1, 1_000)
  readonly note!: string;
}

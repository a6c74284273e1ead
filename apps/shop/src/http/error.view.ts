import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** One field of a request and what is wrong with it. */
export class FieldProblemView {
  @ApiProperty({ type: String, description: 'Where in the request.', example: 'items.0.quantity' })
  readonly path!: string;

  @ApiProperty({ type: [String], example: ['must not be less than 1'] })
  readonly problems!: string[];
}

/** The body of every answer that is not a success. */
export class ErrorView {
  @ApiProperty({ type: 'integer', example: 409 })
  readonly statusCode!: number;

  @ApiProperty({ type: String, description: 'The name of the status.', example: 'Conflict' })
  readonly error!: string;

  @ApiPropertyOptional({
    type: String,
    description: 'What the database said, for programs; stable.',
    example: 'UNIQUE_VIOLATION',
  })
  readonly code?: string;

  @ApiProperty({ type: String, description: 'One sentence for people.' })
  readonly message!: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'The fields of a broken constraint.',
    example: ['sku'],
  })
  readonly fields?: string[];

  @ApiPropertyOptional({ type: [FieldProblemView], description: 'With 400: which fields are wrong.' })
  readonly errors?: FieldProblemView[];

  @ApiPropertyOptional({
    type: 'object',
    description: 'The figures of the message, for programs.',
    additionalProperties: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    example: { productId: 7, requested: 5, available: 3 },
  })
  readonly details?: Readonly<Record<string, string | number>>;

  @ApiPropertyOptional({
    type: String,
    description: 'What to quote, as in the header X-Request-Id; the log has the rest.',
  })
  readonly requestId?: string;
}

import { createParamDecorator, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import { badFields } from '../http/field-problems.js';

const HEADER = 'Idempotency-Key';
const PATTERN = '^[\\w.:-]{1,100}$';
const KEY = new RegExp(PATTERN);

/** A key that a customer has made up; anything else is a 400. */
export class KeyPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    if (typeof value === 'string' && KEY.test(value)) return value;
    const problems = ['must be 1 to 100 letters, digits and any of . : _ -'];
    throw badFields([{ path: HEADER, problems }]);
  }
}

interface Headed {
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The key of the request's header. */
export const IdempotencyKey = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { headers } = context.switchToHttp().getRequest<Headed>();
  return new KeyPipe().transform(headers[HEADER.toLowerCase()]);
});

export const ApiIdempotencyKey = () =>
  ApiHeader({
    name: HEADER,
    required: true,
    description: 'Made up by the customer, a new one for each order; who repeats it gets the first order.',
    schema: { type: 'string', pattern: PATTERN },
    example: 'cart-17',
  });

export const ApiKeyParam = () =>
  ApiParam({ name: 'key', schema: { type: 'string', pattern: PATTERN }, example: 'cart-17' });

import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { ErrorView } from './error.view.js';

const DESCRIPTIONS = {
  400: 'The request is malformed; `errors` names the fields.',
  402: 'The card was declined; nothing was charged.',
  404: 'Something the request names does not exist.',
  409: 'The state of the shop does not allow it; nothing was changed.',
  413: 'The body is larger than 100 kB.',
  502: 'The payment gateway did not answer; nothing was charged.',
} as const;

/** Documents the failures of a route; 500 and 503 can happen everywhere. */
export function ApiErrors(...statuses: (keyof typeof DESCRIPTIONS)[]): MethodDecorator {
  return applyDecorators(
    ...statuses.map((status) => ApiResponse({ status, type: ErrorView, description: DESCRIPTIONS[status] })),
    ApiResponse({
      status: 500,
      type: ErrorView,
      description: 'A defect of the shop; quote the `requestId`.',
    }),
    ApiResponse({
      status: 503,
      type: ErrorView,
      description: 'The database does not answer at the moment.',
      headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } },
    }),
  );
}

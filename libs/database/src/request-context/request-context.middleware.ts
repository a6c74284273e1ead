import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { RequestContext } from './request-context.js';
import { REQUEST_ID_HEADER, requestIdFrom } from './request-id.js';

type Resume = (work: () => void) => void;

/**
 * Begins the {@link RequestContext} of every HTTP request and answers with its id in `x-request-id`.
 *
 * Express and Fastify; applied to all routes by `RequestContextModule`.
 *
 * @public
 */
@Injectable()
export class RequestContextMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  /** Weak: it keeps no request alive. */
  private readonly requests = new WeakMap<IncomingMessage, Resume>();

  constructor(@Inject(RequestContext) private readonly context: RequestContext) {}

  /** Runs the rest of the request inside its context. */
  use(request: IncomingMessage, response: ServerResponse, next: () => void): void {
    if (this.requests.has(request)) {
      next();
      return;
    }
    const id = requestIdFrom(request.headers[REQUEST_ID_HEADER]);
    response.setHeader(REQUEST_ID_HEADER, id);
    this.context.run(() => {
      this.requests.set(request, this.context.bind());
      const abandon = this.context.abandonment();
      response.once('close', () => {
        if (!response.writableFinished) abandon();
      });
      next();
    }, id);
  }

  /**
   * Goes on inside the request's context where a framework has lost it: Fastify does while it reads a body.
   *
   * @internal
   */
  resume(request: IncomingMessage, work: () => void): void {
    const resume = this.requests.get(request);
    if (resume === undefined) work();
    else resume(work);
  }
}

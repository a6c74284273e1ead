import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import {
  Global,
  Inject,
  Module,
  RequestMethod,
  type MiddlewareConsumer,
  type NestModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { POOL_CHANNELS, type PostgresQueryEvent } from '../postgres/pool.events.js';
import { RequestContext } from './request-context.js';
import { RequestContextMiddleware } from './request-context.middleware.js';

/** The part of a Fastify instance that is needed, described here because Fastify is not a dependency. */
interface FastifyLike {
  addHook(
    name: 'preValidation',
    hook: (request: { readonly raw: IncomingMessage }, reply: unknown, done: () => void) => void,
  ): unknown;
}

/**
 * Gives every HTTP request an id, a start and the time it spent in the database: import it once, into the root module.
 *
 * @public
 */
@Global()
@Module({
  providers: [RequestContext, RequestContextMiddleware],
  exports: [RequestContext, RequestContextMiddleware],
})
export class RequestContextModule implements NestModule, OnApplicationShutdown {
  private readonly onQuery = (event: unknown): void => {
    this.context.record((event as PostgresQueryEvent).durationMs);
  };

  constructor(
    @Inject(RequestContext) private readonly context: RequestContext,
    @Inject(RequestContextMiddleware) private readonly middleware: RequestContextMiddleware,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Called by Nest. @internal */
  configure(consumer: MiddlewareConsumer): void {
    // Not before this point: an application without HTTP has no requests to count for.
    subscribe(POOL_CHANNELS.query, this.onQuery);
    consumer.apply(RequestContextMiddleware).forRoutes({ path: '{*path}', method: RequestMethod.ALL });
    this.keepThroughFastify();
  }

  /** Called by Nest. @internal */
  onApplicationShutdown(): void {
    unsubscribe(POOL_CHANNELS.query, this.onQuery);
  }

  /**
   * Fastify reads the body in the context of the socket, so that POST requests would arrive without theirs. Its hook
   * after the body comes before every guard, pipe and handler of Nest.
   */
  private keepThroughFastify(): void {
    const { httpAdapter } = this.adapterHost;
    if (httpAdapter.getType() !== 'fastify') return;
    const fastify = httpAdapter.getInstance<FastifyLike>();
    fastify.addHook('preValidation', (request, _reply, done) => {
      this.middleware.resume(request.raw, done);
    });
  }
}

import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, HttpStatus, Logger, type ArgumentsHost } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RequestContext } from 'nestjs-database';
import { ShopError } from '../errors/shop.error.js';
import type { ErrorView } from './error.view.js';

const MALFORMED = 'The request could not be read: its JSON or its address is malformed.';
const RETRY_AFTER_SECONDS = '10';

const STATUSES = {
  'not-found': HttpStatus.NOT_FOUND,
  conflict: HttpStatus.CONFLICT,
  busy: HttpStatus.SERVICE_UNAVAILABLE,
  declined: HttpStatus.PAYMENT_REQUIRED,
  partner: HttpStatus.BAD_GATEWAY,
} as const;

/**
 * Where errors that no database has thrown become answers; those of the database are the affair of the library's
 * `DatabaseExceptionFilter`. What the shop or Nest says on purpose goes out as it is; of everything else the client learns
 * the id of the request, and the log the rest.
 */
@Catch()
export class ShopExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('Shop');

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly requests: RequestContext,
  ) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    const body = this.describe(exception);
    // Too late for an answer of our own; cutting the connection is the only way left to say that it failed.
    if (httpAdapter.isHeadersSent(response)) return void httpAdapter.end(response);
    if (exception instanceof ShopError && exception.kind === 'busy') {
      httpAdapter.setHeader(response, 'Retry-After', RETRY_AFTER_SECONDS);
    }
    const own = exception instanceof HttpException ? exception.getResponse() : undefined;
    httpAdapter.reply(response, hasOwnShape(own) ? own : body, body.statusCode);
  }

  private describe(exception: unknown): ErrorView {
    if (exception instanceof HttpException) return describeHttpException(exception);
    if (exception instanceof ShopError) {
      const { kind, message, details } = exception;
      return { ...answer(STATUSES[kind], message), ...(Object.keys(details).length > 0 && { details }) };
    }
    return this.hide(exception);
  }

  private hide(exception: unknown): ErrorView {
    // The id of the answer's header, by which the query log names the request as well.
    const requestId = this.requests.id ?? randomUUID();
    const isError = exception instanceof Error;
    this.logger.error(
      `${requestId} ${isError ? exception.message : String(exception)}`,
      isError ? exception.stack : undefined,
    );
    return { ...answer(HttpStatus.INTERNAL_SERVER_ERROR, 'Something went wrong.'), requestId };
  }
}

function describeHttpException(exception: HttpException): ErrorView {
  const status = exception.getStatus();
  // The parsers' own words repeat pieces of the input and positions in it.
  const malformed = exception.cause instanceof SyntaxError || exception.cause instanceof URIError;
  return answer(status, malformed ? MALFORMED : exception.message);
}

function answer(statusCode: number, message: string): ErrorView {
  return { statusCode, error: STATUS_CODES[statusCode] ?? 'Error', message };
}

/** Bodies made for the occasion, such as a list of wrong fields or Terminus' report, stay as they are. */
function hasOwnShape(body: unknown): body is object {
  return typeof body === 'object' && body !== null && ('errors' in body || !('statusCode' in body));
}

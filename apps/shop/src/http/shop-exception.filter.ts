import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { Catch, HttpException, HttpStatus, Logger, type ArgumentsHost } from '@nestjs/common';
import type { ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RecordNotFoundError, RequestContext } from 'nestjs-database';
import { classifyFault } from '../errors/fault.js';
import { ShopError } from '../errors/shop.error.js';
import type { ErrorView } from './error.view.js';

const RETRY_AFTER_S = '2';
const MALFORMED = 'The request could not be read: its JSON or its address is malformed.';

/**
 * The one place where errors become answers. What the shop or Nest says on purpose goes out as it is; of everything
 * else the client learns the kind and an id, and the log the rest.
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
    const { statusCode } = body;
    // Too late for an answer of our own; cutting the connection is the only way left to say that it failed.
    if (httpAdapter.isHeadersSent(response)) return void httpAdapter.end(response);
    // Nobody is asked to repeat what may have been carried out.
    if (statusCode === 503 && classifyFault(exception) !== 'uncertain')
      httpAdapter.setHeader(response, 'Retry-After', RETRY_AFTER_S);
    const own = exception instanceof HttpException ? exception.getResponse() : undefined;
    httpAdapter.reply(response, hasOwnShape(own) ? own : body, statusCode);
  }

  private describe(exception: unknown): ErrorView {
    if (exception instanceof HttpException) return describeHttpException(exception);
    if (exception instanceof ShopError) {
      const { kind, message, details } = exception;
      const status = kind === 'not-found' ? HttpStatus.NOT_FOUND : HttpStatus.CONFLICT;
      return { ...answer(status, message), ...(Object.keys(details).length > 0 && { details }) };
    }
    if (exception instanceof RecordNotFoundError) {
      return answer(HttpStatus.NOT_FOUND, `There is no such ${exception.model}.`);
    }
    switch (classifyFault(exception)) {
      case 'duplicate':
        return answer(HttpStatus.CONFLICT, 'A value that has to be unique is in use already.');
      case 'still-referenced':
        return answer(
          HttpStatus.CONFLICT,
          'Something the request refers to has just gone or is still in use.',
        );
      case 'unavailable':
        this.logger.warn(`The database does not answer: ${messageOf(exception)}`);
        return answer(
          HttpStatus.SERVICE_UNAVAILABLE,
          'The database does not answer in time at the moment. Try again.',
        );
      case 'uncertain':
        this.logger.warn(`The outcome of a request is not known: ${messageOf(exception)}`);
        return answer(
          HttpStatus.SERVICE_UNAVAILABLE,
          'The database went away before it answered. The request may have been carried out: look before you repeat it.',
        );
      case 'unknown':
        return this.hide(exception);
    }
  }

  private hide(exception: unknown): ErrorView {
    // The id of the answer's header, by which the query log names the request as well.
    const id = this.requests.id ?? randomUUID();
    this.logger.error(
      `${id} ${messageOf(exception)}`,
      exception instanceof Error ? exception.stack : undefined,
    );
    const message = 'Something went wrong in the shop. Quote the id when you report it.';
    return { ...answer(HttpStatus.INTERNAL_SERVER_ERROR, message), id };
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

/** In one line: Prisma's messages hold excerpts of code. */
function messageOf(exception: unknown): string {
  const message = exception instanceof Error ? exception.message : String(exception);
  return message.replace(/\s+/g, ' ').trim();
}

import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { Catch, Inject, Logger, Optional, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import type { DatabaseError } from '../errors/database.error.js';
import { translateError } from '../fault/translate-error.js';
import { RequestContext } from '../request-context/request-context.js';
import { describeDatabaseError, type DatabaseAnswer } from './database-answer.js';
import { DatabaseFault } from './database-fault.js';

/**
 * Turns database errors into answers, for HTTP on Express and Fastify, GraphQL, microservices and gateways:
 * `{ provide: APP_FILTER, useClass: DatabaseExceptionFilter }`.
 *
 * The client gets a status, the error's `code`, one sentence, the fields of a broken constraint or the problems of a
 * validation, and the id of the request; never SQL, a table, a host or the content of a row. The log gets the rest, once:
 * defects as errors with their stack, an unavailable database as a warning, what the client did as `debug`.
 * `Retry-After` is set where the same request is worth a repetition, and never where it may have been carried out.
 *
 * Exceptions that no database has thrown do not come here, whatever their `cause`. Another status for a code:
 *
 * ```ts
 * class ShopFilter extends DatabaseExceptionFilter {
 *   protected override statusOf(error: DatabaseError, status: number): number {
 *     return error.code === 'FOREIGN_KEY_VIOLATION' ? 422 : status;
 *   }
 * }
 * ```
 *
 * @public
 */
@Catch(DatabaseFault)
export class DatabaseExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('DatabaseExceptionFilter');

  constructor(
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Optional() @Inject(RequestContext) private readonly requests?: RequestContext,
  ) {}

  /** Called by Nest. What it returns is the answer of GraphQL and of a microservice. */
  catch(exception: unknown, host: ArgumentsHost): unknown {
    const error = translateError(exception);
    const description = describeDatabaseError(error);
    const answer = { ...description, status: this.statusOf(error, description.status) };
    const id = this.requests?.id ?? (answer.status >= 500 ? randomUUID() : undefined);
    this.log(error, answer, id);
    const body = bodyOf(answer, id);
    switch (host.getType<'http' | 'graphql' | 'rpc' | 'ws'>()) {
      case 'http':
        return this.reply(answer, body, host);
      case 'graphql':
        return graphqlError(body);
      case 'rpc':
        return throwError(() => ({ status: 'error', ...body }));
      case 'ws':
        return emit(host.switchToWs().getClient(), { status: 'error', ...body });
    }
  }

  /**
   * The status of an answer, to be overridden.
   *
   * @param status - what is answered unless another one is returned
   */
  protected statusOf(_error: DatabaseError, status: number): number {
    return status;
  }

  private reply(answer: DatabaseAnswer, body: Readonly<Record<string, unknown>>, host: ArgumentsHost): void {
    const { httpAdapter } = this.adapterHost;
    const response: unknown = host.switchToHttp().getResponse();
    // Too late for an answer of our own; ending the connection is the only way left to say that it failed.
    if (httpAdapter.isHeadersSent(response)) return void httpAdapter.end(response);
    const { status, retryAfterSeconds } = answer;
    if (retryAfterSeconds !== undefined)
      httpAdapter.setHeader(response, 'Retry-After', String(retryAfterSeconds));
    const error = STATUS_CODES[status] ?? 'Error';
    httpAdapter.reply(response, { statusCode: status, error, ...body }, status);
  }

  private log(error: DatabaseError, { status }: DatabaseAnswer, id: string | undefined): void {
    const line = `${id === undefined ? '' : `${id} `}${error.code}: ${inOneLine(error.message)}`;
    if (status < 500 || error.code === 'QUERY_CANCELLED') this.logger.debug(line);
    else if (status === 503 || status === 504) this.logger.warn(line);
    else this.logger.error(line, stackOf(error));
  }
}

function bodyOf(answer: DatabaseAnswer, id: string | undefined): Readonly<Record<string, unknown>> {
  const { code, message, fields, errors } = answer;
  return {
    code,
    message,
    ...(fields !== undefined && { fields }),
    ...(errors !== undefined && { errors }),
    ...(id !== undefined && { requestId: id }),
  };
}

/** GraphQL servers take over `extensions` of an error a resolver returns, and some of them its stack. */
function graphqlError({ message, ...extensions }: Readonly<Record<string, unknown>>): Error {
  const error = new Error(String(message));
  error.stack = `${error.name}: ${error.message}`;
  return Object.assign(error, { extensions });
}

/** As Nest's own filter of gateways does. */
function emit(client: unknown, body: object): void {
  const { emit: send } = client as { emit?: unknown };
  if (typeof send === 'function') Reflect.apply(send, client, ['exception', body]);
}

/** With its causes, which carry neither values nor secrets. */
function stackOf(error: Error, depth = 0): string {
  const stack = error.stack ?? error.message;
  if (!(error.cause instanceof Error) || depth >= 3) return stack;
  return `${stack}\nCaused by ${stackOf(error.cause, depth + 1)}`;
}

function inOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

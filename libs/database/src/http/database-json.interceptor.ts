import {
  Injectable,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { toJson } from './to-json.js';

/**
 * Lets HTTP handlers return records as they are: what {@link toJson} says of `bigint`, `Decimal`, `Date` and bytes holds
 * for every response, on Express and on Fastify. Without it a `bigint` is a `TypeError` of `JSON.stringify`.
 *
 * For an application with `{ provide: APP_INTERCEPTOR, useClass: DatabaseJsonInterceptor }`, for a controller with
 * `@UseInterceptors(DatabaseJsonInterceptor)`. Files, streams and bytes that are a whole answer pass unchanged, and so
 * do answers of other transports, GraphQL above all: its scalars have forms of their own.
 *
 * @public
 */
@Injectable()
export class DatabaseJsonInterceptor implements NestInterceptor {
  /** Called by Nest. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const answers = next.handle();
    return context.getType() === 'http' ? answers.pipe(map(convert)) : answers;
  }
}

function convert(answer: unknown): unknown {
  return typeof answer === 'string' || isSentAsItIs(answer) ? answer : toJson(answer);
}

function isSentAsItIs(answer: unknown): boolean {
  if (answer instanceof StreamableFile || answer instanceof Uint8Array) return true;
  return (
    typeof answer === 'object' && answer !== null && 'pipe' in answer && typeof answer.pipe === 'function'
  );
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { DatabaseAvailability } from './database-availability.js';
import { DatabaseUnavailableException } from './database-unavailable.exception.js';

/**
 * Does for whole paths what `@RequiresDatabase()` does for routes of the default connection:
 * `consumer.apply(AvailabilityMiddleware).exclude('livez', 'readyz').forRoutes(OrderController)`.
 *
 * @public
 */
@Injectable()
export class AvailabilityMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  /** @internal */
  constructor(@Inject(DatabaseAvailability) private readonly availability: DatabaseAvailability) {}

  /**
   * Lets the request through while the database can be used.
   *
   * @throws {@link DatabaseUnavailableException} while it cannot
   */
  async use(_request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
    if (!(await this.availability.isAvailable('default'))) {
      const exception = new DatabaseUnavailableException();
      response.setHeader('Retry-After', String(exception.retryAfterSeconds));
      throw exception;
    }
    next();
  }
}

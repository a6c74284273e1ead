import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { DatabaseAvailability } from './database-availability.js';
import { DatabaseUnavailableException } from './database-unavailable.exception.js';

/** Metadata key of the connection a route requires. */
export const REQUIRED_CONNECTION = 'nestjs-database:required-connection';

/**
 * The guard behind `@RequiresDatabase()`.
 *
 * @internal
 */
@Injectable()
export class RequiresDatabaseGuard implements CanActivate {
  constructor(
    @Inject(DatabaseAvailability) private readonly availability: DatabaseAvailability,
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** @throws {@link DatabaseUnavailableException} while the database cannot be used */
  canActivate(context: ExecutionContext): true | Promise<true> {
    const connection = this.reflector.getAllAndOverride<string | undefined>(REQUIRED_CONNECTION, [
      context.getHandler(),
      context.getClass(),
    ]);
    const available = this.availability.isAvailable(connection ?? 'default');
    if (available === true) return true;
    if (available === false) throw this.refuse(context);
    return available.then((healed) => {
      if (healed) return true;
      throw this.refuse(context);
    });
  }

  private refuse(context: ExecutionContext): DatabaseUnavailableException {
    const exception = new DatabaseUnavailableException();
    if (context.getType() === 'http') {
      const response: unknown = context.switchToHttp().getResponse();
      this.adapterHost.httpAdapter.setHeader(response, 'Retry-After', String(exception.retryAfterSeconds));
    }
    return exception;
  }
}

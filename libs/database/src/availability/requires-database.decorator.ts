import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { REQUIRED_CONNECTION, RequiresDatabaseGuard } from './requires-database.guard.js';

/**
 * Which database a route cannot do without.
 *
 * @public
 */
export interface RequiresDatabaseOptions {
  /**
   * The connection as registered.
   *
   * @defaultValue 'default'
   */
  readonly connection?: string;
}

/**
 * Answers 503 with `Retry-After` at once while the database cannot be used, instead of letting every request find out
 * by itself and wait for it. For a controller or a route; on a route it wins over its controller.
 *
 * While the database is well it costs microseconds and no query. It heals by itself.
 *
 * @public
 */
export function RequiresDatabase({ connection = 'default' }: RequiresDatabaseOptions = {}): ClassDecorator &
  MethodDecorator {
  return applyDecorators(SetMetadata(REQUIRED_CONNECTION, connection), UseGuards(RequiresDatabaseGuard));
}

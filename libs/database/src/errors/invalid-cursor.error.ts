import type { DatabaseErrorOptions } from './database.error.js';
import { ValidationError } from './validation.error.js';

/**
 * The cursor of a page was changed, or belongs to another connection, model, order or secret; nothing was sent. It is
 * the caller's mistake, or an old bookmark: begin with the first page again.
 *
 * @public
 */
export class InvalidCursorError extends ValidationError {
  override readonly name = 'InvalidCursorError';
  override readonly code = 'INVALID_CURSOR';

  /** @param path - the argument that held it: `after` or `before` */
  constructor(path: string, options?: DatabaseErrorOptions) {
    super(
      path,
      'is no cursor of these pages: it was changed, or made for another model, another order or another secret. Begin with the first page.',
      options,
    );
  }
}

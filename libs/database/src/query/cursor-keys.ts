import { randomBytes } from 'node:crypto';
import { InvalidOptionsError } from '../config/config.errors.js';
import type { ResolvedPaginationOptions } from './pagination.options.js';

/** The keys that the cursors of one connection are signed and verified with. */
export class CursorKeys {
  private invented: Buffer | undefined;

  constructor(
    private readonly options: ResolvedPaginationOptions,
    private readonly warn: (line: string) => void,
  ) {}

  /**
   * The first one signs. Without a secret it is a random key: cursors then end with the process, and other instances
   * refuse them.
   *
   * A key made of the password of the database would hold everywhere, and would let whoever has a cursor guess the
   * password without asking the server.
   *
   * @throws {@link InvalidOptionsError} under `NODE_ENV=production` without a secret
   */
  all(): readonly (string | Buffer)[] {
    const { secrets, mayInventSecret } = this.options;
    if (secrets.length > 0) return secrets.map((secret) => secret.reveal());
    if (this.invented === undefined) {
      if (!mayInventSecret) {
        throw new InvalidOptionsError('DatabaseModule', [
          {
            path: 'pagination.secret',
            problem:
              'is missing, and pages need it in production: every instance has to accept the cursors of the others. Give it, or set DATABASE_CURSOR_SECRET.',
          },
        ]);
      }
      this.warn(
        'Cursors of pages are signed with a random key: they end with this process. Give `pagination.secret` or set DATABASE_CURSOR_SECRET.',
      );
      this.invented = randomBytes(32);
    }
    return [this.invented];
  }
}

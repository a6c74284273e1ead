import { randomBytes } from 'node:crypto';
import { InvalidOptionsError } from '../config/config.errors.js';
import { MISSING_SECRET, type ResolvedPaginationOptions } from './pagination.options.js';

/** The keys that the cursors of one connection are signed and verified with. */
export class CursorKeys {
  private invented: Buffer | undefined;
  private announced = false;

  constructor(
    private readonly options: ResolvedPaginationOptions,
    private readonly warn: (line: string) => void,
  ) {}

  /**
   * Says once, when repositories are bound at the start, that their pages will be refused: nobody should learn it from the
   * first one. Whether an application pages at all cannot be known, so it is a warning and no failure.
   */
  announce(): void {
    const { secrets, mayInventSecret } = this.options;
    if (this.announced || secrets.length > 0 || mayInventSecret) return;
    this.announced = true;
    this.warn(
      'Cursors of pages have no secret, so `paginate` will be refused under NODE_ENV=production. Set DATABASE_CURSOR_SECRET, or give `pagination.secret`.',
    );
  }

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
            problem: MISSING_SECRET,
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

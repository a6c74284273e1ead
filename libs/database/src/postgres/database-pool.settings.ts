import type { PostgresTarget } from '../config/connection-url.js';
import type { PasswordProvider } from '../config/password.js';
import type { DatabaseError } from '../errors/database.error.js';
import type { ResolvedPoolOptions } from './pool.options.js';
import type { ResolvedTimeoutOptions } from './timeout.options.js';
import type { ResolvedTlsOptions } from './tls.options.js';

/** Where and as whom the pool connects, and how. */
export interface DatabasePoolSettings {
  /** Name of the connection as registered. */
  readonly name: string;
  readonly url: PostgresTarget;
  readonly password: PasswordProvider | undefined;
  readonly tls: ResolvedTlsOptions | false;
  readonly applicationName: string;
  readonly pgbouncer?: boolean;
  readonly pool: ResolvedPoolOptions;
  readonly timeouts: ResolvedTimeoutOptions;
}

/** What the pool tells its owner, and asks it. */
export interface DatabasePoolOwner {
  /** Hears what is worth a warning, a sentence each. */
  warn?(line: string): void;
  /** Hears of every connection that could not be opened. */
  connectFailed?(error: DatabaseError): void;
  /** Why nobody may borrow a connection yet; undefined lends. */
  refusal?(): DatabaseError | undefined;
}

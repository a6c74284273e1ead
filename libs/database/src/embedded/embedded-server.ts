/**
 * A server that runs beside the application, shared by every instance that uses the same data directory.
 *
 * The password is only in {@link url}; printing or serialising the object does not show it.
 *
 * @public
 */
export interface EmbeddedServer extends AsyncDisposable {
  /** How to connect, with user and password. It stays valid while the server is restarted. */
  readonly url: string;
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Where the data really are, which is not always where they were wanted (see {@link EmbeddedServerOptions.dataDir}). */
  readonly dataDir: string;
  /** Whether this instance has started the running server, and so stops it. It changes when this instance takes over. */
  readonly owned: boolean;
  /** Process id of the server, for signals and diagnosis. */
  readonly serverProcessId: number | undefined;
  /**
   * Ends this instance's use of the server, and the server itself where this instance owns it; another instance that still
   * uses it then starts it again. May be called more than once.
   */
  stop(): Promise<void>;
}

/**
 * What every embedded server needs to know.
 *
 * @public
 */
export interface EmbeddedServerOptions {
  /**
   * Directory for the data, created if missing. Instances with the same directory share one server.
   *
   * As root, the server runs as user 65534. If that user cannot pass through the directories above, the data are kept in
   * `/var/lib/nestjs-database/<hash>` and `log` is told so.
   */
  readonly dataDir: string;
  /**
   * Port on the loopback interface.
   *
   * @default the port of the last run if it is free, otherwise a free one
   */
  readonly port?: number;
  /** Receives what is worth knowing, a sentence each; never a secret. */
  readonly log?: (line: string) => void;
}

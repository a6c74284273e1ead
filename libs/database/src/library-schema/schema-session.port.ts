/** A session of its own on the server, in which a transaction can be held. */
export interface SchemaSession {
  /** Runs one statement; gives values in PostgreSQL's text form. Rejects with the driver's error. */
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly (readonly (string | null)[])[] }>;

  /** Runs several statements at once. Rejects with the driver's error. */
  script(text: string): Promise<void>;
}

import { randomUUID } from 'node:crypto';

/** The header that carries the id, in both directions. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** What is safe in a header, a log line and a file name, and long enough for every common format. */
const SANE = /^[A-Za-z0-9][A-Za-z0-9._:=+@-]{0,127}$/;

/** The id the client gave, if nothing can be forged with it, otherwise a new one. */
export function requestIdFrom(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && SANE.test(header) ? header : randomUUID();
}

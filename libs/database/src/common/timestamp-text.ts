/** A date as PostgreSQL reads it; it writes years before the first with BC. Nobody but the caller knows that it is valid. */
export function timestampText(date: Date): string {
  const iso = date.toISOString();
  if (iso.startsWith('+')) return iso.slice(1).replace(/^0/, '');
  if (!iso.startsWith('-')) return iso.startsWith('0000') ? `0001${iso.slice(4)} BC` : iso;
  // Year -1 of ISO 8601 is 2 BC.
  return `${String(1 - date.getUTCFullYear()).padStart(4, '0')}${iso.slice(7)} BC`;
}

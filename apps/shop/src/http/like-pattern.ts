/** Prisma's `contains` passes `%` and `_` on as wildcards; escaped, they stand for themselves. */
export function literally(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

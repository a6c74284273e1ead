/**
 * The text as the pattern that stands for itself: Prisma's `contains`, `startsWith` and `endsWith` pass `%`, `_` and `\`
 * of the text on to LIKE, where they are wildcards and an escape.
 *
 * @public
 */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/**
 * The records of a page by its number.
 *
 * @public
 */
export interface OffsetPage<Item> {
  /** The records. */
  readonly items: readonly Item[];
  /** Its number, counted from 1. */
  readonly page: number;
  /** How many records a full page has. */
  readonly pageSize: number;
}

/**
 * The same with the totals.
 *
 * @public
 */
export interface CountedOffsetPage<Item> extends OffsetPage<Item> {
  /** How many records there are on all pages together. */
  readonly totalCount: number;
  /** How many pages there are; 0 without records. */
  readonly pageCount: number;
}

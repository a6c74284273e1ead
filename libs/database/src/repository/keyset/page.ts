/**
 * Where a page stands among the others, as the Relay cursor specification has it.
 *
 * @public
 */
export interface PageInfo {
  /** Whether records follow this page. */
  readonly hasNextPage: boolean;
  /** Whether records come before this page: found out, and not taken from the mere presence of a cursor. */
  readonly hasPreviousPage: boolean;
  /** `before` of the page that comes before this one; null where there was nothing to read. */
  readonly startCursor: string | null;
  /**
   * `after` of the page that follows this one; null where there was nothing to read. Relations are read with a statement of
   * their own: a record that is deleted between the two is missing in the page, and the cursor leads past it all the same.
   */
  readonly endCursor: string | null;
}

/**
 * A record and the place it has in its order.
 *
 * @public
 */
export interface PageEdge<Item> {
  /** The record. */
  readonly node: Item;
  /** `after` of the page that begins behind it, `before` of the one that ends in front of it. */
  readonly cursor: string;
}

/**
 * Some records in their order.
 *
 * @public
 */
export interface Page<Item> {
  /** The records. */
  readonly items: readonly Item[];
  /** Where the page stands. */
  readonly pageInfo: PageInfo;
  /**
   * The records with a cursor each, as GraphQL wants them. Made when it is read and no part of the page's JSON, so that
   * others do not pay for it.
   */
  readonly edges: readonly PageEdge<Item>[];
}

/**
 * A page that was asked for with `withTotal`.
 *
 * @public
 */
export interface CountedPage<Item> extends Page<Item> {
  /** How many records there are on all pages together; counted beside the page, and so perhaps a moment later. */
  readonly totalCount: number;
}

/** A page as the library makes it. */
export class KeysetPage<Item> implements Page<Item> {
  declare readonly totalCount?: number;

  /** @param cursorOf - writes the cursor of the item at an index */
  constructor(
    readonly items: readonly Item[],
    readonly pageInfo: PageInfo,
    cursorOf: (index: number) => string,
    totalCount: number | undefined,
  ) {
    this.#cursorOf = cursorOf;
    if (totalCount !== undefined) this.totalCount = totalCount;
  }

  readonly #cursorOf: (index: number) => string;

  get edges(): readonly PageEdge<Item>[] {
    return this.items.map((node, index) => ({ node, cursor: this.#cursorOf(index) }));
  }
}

import type { ArgsOf, ColumnsOf } from '../../client/model-types.js';
import type { CountedOffsetPage, OffsetPage } from './offset-page.js';
import type { CountedPage, Page } from './page.js';

/**
 * A direction of an order.
 *
 * @public
 */
export type PageDirection<Value> =
  | 'asc'
  | 'desc'
  | (null extends Value
      ? { readonly sort: 'asc' | 'desc'; readonly nulls?: 'first' | 'last' | undefined }
      : { readonly sort: 'asc' | 'desc' });

/**
 * What pages can be ordered by: the model's own scalar fields.
 *
 * @public
 */
export type PageOrderOf<Client, Model extends string> = {
  readonly [Field in keyof ColumnsOf<Client, Model>]?: PageDirection<ColumnsOf<Client, Model>[Field]>;
};

/**
 * Which page: `first` and perhaps `after`, or `last` and perhaps `before`. All of them are optional so that what
 * {@link parseQuery} returns can be passed on; neither size, or both, are refused.
 *
 * @public
 */
export interface PageSize {
  /** How many records, from the first or from `after` on. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before this one; null is none. */
  readonly after?: string | null | undefined;
  /** How many records, up to the last one or up to `before`. */
  readonly last?: number | undefined;
  /** `startCursor` of the page after this one; null is none. */
  readonly before?: string | null | undefined;
}

/**
 * What both kinds of pages take of Prisma's arguments besides the shape.
 *
 * @public
 */
export interface PageQueryOf<Client, Model extends string> {
  /** Prisma's condition. */
  readonly where?: NonNullable<ArgsOf<Client, Model, 'findMany'>['where']>;
  /** The key of the model is added as the last column. */
  readonly orderBy?: PageOrderOf<Client, Model> | readonly PageOrderOf<Client, Model>[];
}

/**
 * What `paginate` takes besides the shape of the result.
 *
 * @public
 */
export interface PageArgs<Client, Model extends string, Total extends boolean>
  extends PageSize, PageQueryOf<Client, Model> {
  /** Counts the records of all pages as well, with a statement of its own. */
  readonly withTotal?: Total;
}

/**
 * What `paginate` gives.
 *
 * @public
 */
export type PageOf<Item, Total extends boolean> = Total extends true ? CountedPage<Item> : Page<Item>;

/**
 * What `paginateByOffset` takes besides the shape of the result.
 *
 * @public
 */
export interface OffsetPageArgs<Client, Model extends string, Total extends boolean> extends PageQueryOf<
  Client,
  Model
> {
  /** Which page, counted from 1; at most 1 000 000 records can come before it. */
  readonly page: number;
  /** How many records a page has. */
  readonly pageSize: number;
  /** `false` leaves the totals out, and the statement that counts them. */
  readonly withTotal?: Total;
}

/**
 * What `paginateByOffset` gives.
 *
 * @public
 */
export type OffsetPageOf<Item, Total extends boolean> = Total extends true
  ? CountedOffsetPage<Item>
  : OffsetPage<Item>;

import type { Type } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FromQuery, IsWholeNumber } from './fields.decorator.js';

const MAX_SKIP = 1_000_000;

/** Which part of a list. */
export class PageQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: MAX_SKIP, default: 0 })
  @FromQuery()
  @IsWholeNumber(0, MAX_SKIP)
  readonly skip: number = 0;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 20 })
  @FromQuery()
  @IsWholeNumber(1, 100)
  readonly take: number = 20;
}

/** What a repository answers for one page. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** How many there are without `skip` and `take`. */
  readonly total: number;
}

export interface PageView<View> {
  readonly items: View[];
  readonly total: number;
  readonly skip: number;
  readonly take: number;
}

/** The base of the view of a page; a class of its own for each list, because OpenAPI knows no generics. */
export function PageOf<View>(item: Type<View>): Type<PageView<View>> {
  class PageViewOfItem implements PageView<View> {
    @ApiProperty({ type: [item] })
    readonly items!: View[];

    @ApiProperty({ type: 'integer', description: 'How many there are in all.', example: 1000 })
    readonly total!: number;

    @ApiProperty({ type: 'integer', example: 0 })
    readonly skip!: number;

    @ApiProperty({ type: 'integer', example: 20 })
    readonly take!: number;
  }
  return PageViewOfItem;
}

export function toPageView<Row, View>(
  { rows, total }: Page<Row>,
  { skip, take }: PageQuery,
  toView: (row: Row) => View,
): PageView<View> {
  return { items: rows.map(toView), total, skip, take };
}

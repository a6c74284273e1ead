import type { Type } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Page, PageInfo } from 'nestjs-database';

class PageInfoView implements PageInfo {
  @ApiProperty({ type: Boolean, description: 'Whether records follow this page.' })
  readonly hasNextPage!: boolean;

  @ApiProperty({ type: Boolean, description: 'Whether records come before this page.' })
  readonly hasPreviousPage!: boolean;

  @ApiProperty({ type: String, nullable: true, description: '`before` of the page in front of this one.' })
  readonly startCursor!: string | null;

  @ApiProperty({ type: String, nullable: true, description: '`after` of the page behind this one.' })
  readonly endCursor!: string | null;
}

export interface PageView<View> {
  readonly items: View[];
  readonly pageInfo: PageInfo;
  readonly totalCount?: number;
}

/** The base of the view of a page; a class of its own for each list, because OpenAPI knows no generics. */
export function PageOf<View>(item: Type<View>): Type<PageView<View>> {
  class PageViewOfItem implements PageView<View> {
    @ApiProperty({ type: [item] })
    readonly items!: View[];

    @ApiProperty({ type: PageInfoView })
    readonly pageInfo!: PageInfoView;

    @ApiPropertyOptional({ type: 'integer', description: 'How many there are in all, with `total=true`.' })
    readonly totalCount?: number;
  }
  return PageViewOfItem;
}

/** What of a page is shown. */
export type Listed<Row> = Pick<Page<Row>, 'items' | 'pageInfo'> & { readonly totalCount?: number };

export function toPageView<Row, View>(page: Listed<Row>, toView: (row: Row) => View): PageView<View> {
  const { items, pageInfo, totalCount } = page;
  return { items: items.map(toView), pageInfo, ...(totalCount !== undefined && { totalCount }) };
}

import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { ProductRepository } from '../products/product.repository.js';
import { RangeQuery } from './range.dto.js';
import { RangePageView } from './range.view.js';

@RequiresDatabase()
@ApiTags('Back office')
@Controller('back-office')
export class RangeController {
  constructor(private readonly products: ProductRepository) {}

  @Get('products')
  @ApiOperation({
    summary: 'The table of all products with numbered pages, those included that were taken out of the range',
    description:
      'For people who jump to a page and want to see how many there are; `GET /products` is for lists without an end.',
    operationId: 'listRange',
  })
  @ApiOkResponse({ type: RangePageView })
  @ApiErrors(400)
  async list(@Query() { page, pageSize, show }: RangeQuery): Promise<RangePageView> {
    const { products } = this;
    const shown = {
      all: () => products.withDeleted(),
      offered: () => products,
      withdrawn: () => products.onlyDeleted(),
    };
    return new RangePageView(
      await shown[show]().paginateByOffset({ page, pageSize, orderBy: { sku: 'asc' } }),
    );
  }
}

import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { parseQuery, RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import { readFlag } from '../http/flag.js';
import { ApiListQuery, TOTAL } from '../http/list-query.decorator.js';
import { toPageView } from '../http/page.view.js';
import {
  CreateProductDto,
  ImportProductsDto,
  UpdateProductDto,
  WithdrawProductQuery,
} from './product.dto.js';
import { PRODUCT_LIST, PRODUCT_QUERY } from './product.query.js';
import { ProductRepository } from './product.repository.js';
import { ProductService } from './product.service.js';
import { ImportView, ProductDetailView, ProductPageView, ProductView } from './product.view.js';

@RequiresDatabase()
@ApiTags('Products')
@Controller('products')
export class ProductController {
  constructor(
    private readonly service: ProductService,
    private readonly products: ProductRepository,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List products', operationId: 'listProducts' })
  @ApiListQuery(PRODUCT_LIST)
  @ApiOkResponse({ type: ProductPageView })
  @ApiErrors(400)
  async list(@Query() query: Record<string, unknown>): Promise<ProductPageView> {
    const page = { ...parseQuery(query, PRODUCT_QUERY), withTotal: readFlag(query, TOTAL) };
    return toPageView(await this.products.paginate(page), (row) => new ProductView(row));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a product with its category and stock', operationId: 'getProduct' })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiOkResponse({ type: ProductDetailView })
  @ApiErrors(400, 404)
  async get(@Param('id', IntIdPipe) id: number): Promise<ProductDetailView> {
    return new ProductDetailView(await this.service.get(id));
  }

  @Post()
  @ApiOperation({ summary: 'Add a product; its stock begins at 0', operationId: 'createProduct' })
  @ApiBody({ type: CreateProductDto })
  @ApiCreatedResponse({ type: ProductDetailView, headers: LOCATION_HEADER })
  @ApiErrors(400, 404, 409, 413)
  async create(
    @Body() body: CreateProductDto,
    @Res({ passthrough: true }) response: HeaderBag,
  ): Promise<ProductDetailView> {
    const product = await this.service.create(body);
    response.setHeader('Location', `/products/${product.id}`);
    return new ProductDetailView(product);
  }

  @Post('import')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Add new products and change known ones',
    description:
      'A product is known by its SKU: its name, price, weight and category are changed. The rest counts for new ones only. All are taken over, or none.',
    operationId: 'importProducts',
  })
  @ApiBody({ type: ImportProductsDto })
  @ApiOkResponse({ type: ImportView })
  @ApiErrors(400, 409, 413)
  async importAll(@Body() { products }: ImportProductsDto): Promise<ImportView> {
    return await this.service.importAll(products);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a product; placed orders keep their price', operationId: 'updateProduct' })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiBody({ type: UpdateProductDto })
  @ApiOkResponse({ type: ProductDetailView })
  @ApiErrors(400, 404, 409, 413)
  async update(
    @Param('id', IntIdPipe) id: number,
    @Body() body: UpdateProductDto,
  ): Promise<ProductDetailView> {
    return new ProductDetailView(await this.service.update(id, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take a product out of the range; orders keep it',
    operationId: 'withdrawProduct',
  })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiNoContentResponse({ description: 'It is in no list any more.' })
  @ApiErrors(400, 404, 409)
  async withdraw(
    @Param('id', IntIdPipe) id: number,
    @Query() { version }: WithdrawProductQuery,
  ): Promise<void> {
    await this.service.withdraw(id, version);
  }

  @Post(':id/restore')
  @HttpCode(200)
  @ApiOperation({ summary: 'Bring a product back into the range', operationId: 'restoreProduct' })
  @ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, example: 1 })
  @ApiOkResponse({ type: ProductDetailView })
  @ApiErrors(400, 404)
  async bringBack(@Param('id', IntIdPipe) id: number): Promise<ProductDetailView> {
    return new ProductDetailView(await this.service.bringBack(id));
  }
}

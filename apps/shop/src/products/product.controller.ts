import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { IntIdPipe } from '../http/id.pipe.js';
import { LOCATION_HEADER, type HeaderBag } from '../http/location.js';
import { toPageView } from '../http/page.js';
import { CreateProductDto, ListProductsQuery, UpdateProductDto } from './product.dto.js';
import { ProductRepository } from './product.repository.js';
import { ProductService } from './product.service.js';
import { ProductDetailView, ProductPageView, ProductView } from './product.view.js';

@RequiresDatabase()
@ApiTags('Products')
@Controller('products')
export class ProductController {
  constructor(
    private readonly service: ProductService,
    private readonly products: ProductRepository,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List products, oldest first', operationId: 'listProducts' })
  @ApiOkResponse({ type: ProductPageView })
  @ApiErrors(400)
  async list(@Query() query: ListProductsQuery): Promise<ProductPageView> {
    return toPageView(await this.products.findPage(query, query), query, (row) => new ProductView(row));
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
}

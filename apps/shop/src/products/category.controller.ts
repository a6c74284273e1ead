import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase } from 'nestjs-database';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { CategoryRepository } from './category.repository.js';
import { CategoryView } from './product.view.js';

@RequiresDatabase()
@ApiTags('Products')
@Controller('categories')
export class CategoryController {
  constructor(private readonly categories: CategoryRepository) {}

  @Get()
  @ApiOperation({ summary: 'List all categories by name', operationId: 'listCategories' })
  @ApiOkResponse({ type: [CategoryView] })
  @ApiErrors()
  async list(): Promise<CategoryView[]> {
    const rows = await this.categories.findMany({ orderBy: { name: 'asc' } });
    return rows.map((row) => new CategoryView(row));
  }
}

import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { CategoryController } from './category.controller.js';
import { CategoryRepository } from './category.repository.js';
import { PriceChangeController } from './price-change.controller.js';
import { PriceChangeRepository } from './price-change.repository.js';
import { PriceChangeService } from './price-change.service.js';
import { PriceListController } from './price-list.controller.js';
import { PriceListService } from './price-list.service.js';
import { ProductController } from './product.controller.js';
import { ProductRepository } from './product.repository.js';
import { ProductService } from './product.service.js';

const repositories = DatabaseModule.forFeature([
  ProductRepository,
  CategoryRepository,
  PriceChangeRepository,
]);

@Module({
  imports: [repositories],
  controllers: [PriceListController, PriceChangeController, ProductController, CategoryController],
  providers: [ProductService, PriceListService, PriceChangeService],
  exports: [repositories],
})
export class ProductModule {}

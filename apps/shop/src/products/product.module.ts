import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { CategoryController } from './category.controller.js';
import { CategoryRepository } from './category.repository.js';
import { PriceListController } from './price-list.controller.js';
import { PriceListService } from './price-list.service.js';
import { ProductController } from './product.controller.js';
import { ProductRepository } from './product.repository.js';
import { ProductService } from './product.service.js';

const repositories = DatabaseModule.forFeature([ProductRepository, CategoryRepository]);

@Module({
  imports: [repositories],
  controllers: [PriceListController, ProductController, CategoryController],
  providers: [ProductService, PriceListService],
  exports: [repositories],
})
export class ProductModule {}

import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { CategoryController } from './category.controller.js';
import { CategoryRepository } from './category.repository.js';
import { ProductController } from './product.controller.js';
import { ProductRepository } from './product.repository.js';
import { ProductService } from './product.service.js';

const repositories = DatabaseModule.forFeature([ProductRepository, CategoryRepository]);

@Module({
  imports: [repositories],
  controllers: [ProductController, CategoryController],
  providers: [ProductService],
  exports: [repositories],
})
export class ProductModule {}

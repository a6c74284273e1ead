import { Module } from '@nestjs/common';
import { ProductModule } from '../products/product.module.js';
import { RangeController } from './range.controller.js';

@Module({ imports: [ProductModule], controllers: [RangeController] })
export class BackOfficeModule {}

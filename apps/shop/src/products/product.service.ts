import { Injectable } from '@nestjs/common';
import { RecordNotFoundError } from 'nestjs-database';
import { classifyFault } from '../errors/fault.js';
import { defined } from '../http/defined.js';
import { CategoryRepository } from './category.repository.js';
import type { CreateProductDto, UpdateProductDto } from './product.dto.js';
import { CategoryNotFoundError, ProductNotFoundError, SkuTakenError } from './product.errors.js';
import { ProductRepository, type ProductWithShelf } from './product.repository.js';

@Injectable()
export class ProductService {
  constructor(
    private readonly products: ProductRepository,
    private readonly categories: CategoryRepository,
  ) {}

  /** @throws {ProductNotFoundError} */
  async get(id: number): Promise<ProductWithShelf> {
    const product = await this.products.findWithShelf(id);
    if (product === null) throw new ProductNotFoundError(id);
    return product;
  }

  /**
   * @throws {CategoryNotFoundError}
   * @throws {SkuTakenError}
   */
  async create(fields: CreateProductDto): Promise<ProductWithShelf> {
    const { sku, name, priceCents, weightKg, categoryId, ...optional } = fields;
    await this.assertCategory(categoryId);
    const data = { sku, name, priceCents, weightKg, categoryId, ...defined(optional) };
    return await this.withFreeSku(sku, () => this.products.createWithShelf(data));
  }

  /**
   * Orders that were placed keep the price they were placed with.
   *
   * @throws {ProductNotFoundError}
   * @throws {CategoryNotFoundError}
   * @throws {SkuTakenError}
   */
  async update(id: number, changes: UpdateProductDto): Promise<ProductWithShelf> {
    if (changes.categoryId !== undefined) await this.assertCategory(changes.categoryId);
    try {
      return await this.withFreeSku(changes.sku, () => this.products.change(id, defined({ ...changes })));
    } catch (error) {
      if (error instanceof RecordNotFoundError) throw new ProductNotFoundError(id);
      throw error;
    }
  }

  private async assertCategory(id: number): Promise<void> {
    if ((await this.categories.findById(id)) === null) throw new CategoryNotFoundError(id);
  }

  /** The constraint decides and not a look beforehand: two requests may come at the same moment. */
  private async withFreeSku<Result>(sku: string | undefined, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (sku !== undefined && classifyFault(error) === 'duplicate') throw new SkuTakenError(sku);
      throw error;
    }
  }
}

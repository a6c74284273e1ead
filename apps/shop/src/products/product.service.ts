import { Injectable } from '@nestjs/common';
import {
  RecordNotFoundError,
  StaleVersionError,
  Transactional,
  UniqueViolationError,
  type BulkUpsertResult,
} from 'nestjs-database';
import { defined } from '../http/defined.js';
import { CategoryRepository } from './category.repository.js';
import { PriceChangeRepository } from './price-change.repository.js';
import type { CreateProductDto, UpdateProductDto } from './product.dto.js';
import {
  CategoryNotFoundError,
  ProductChangedError,
  ProductNotFoundError,
  SkuTakenError,
} from './product.errors.js';
import { ProductRepository, type ProductWithShelf } from './product.repository.js';

@Injectable()
export class ProductService {
  constructor(
    private readonly products: ProductRepository,
    private readonly categories: CategoryRepository,
    private readonly priceChanges: PriceChangeRepository,
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
   * Orders that were placed keep the price they were placed with; of a new price there is a row beside it.
   *
   * @throws {ProductNotFoundError}
   * @throws {CategoryNotFoundError}
   * @throws {SkuTakenError}
   * @throws {ProductChangedError} when it has another version than the changes were made for
   */
  @Transactional()
  async update(id: number, { version, ...changes }: UpdateProductDto): Promise<ProductWithShelf> {
    const { categoryId, sku, priceCents } = changes;
    if (categoryId !== undefined) await this.assertCategory(categoryId);
    return await this.withFreeSku(sku, () =>
      ofProduct(id, async () => {
        if (priceCents !== undefined) await this.noteNewPrice(id, priceCents);
        return await this.products.change(id, version, defined({ ...changes }));
      }),
    );
  }

  /**
   * Takes a product out of the range; it can be brought back.
   *
   * @throws {ProductNotFoundError}
   * @throws {ProductChangedError}
   */
  async withdraw(id: number, version: number): Promise<void> {
    await ofProduct(id, () => this.products.withdraw(id, version));
  }

  /** @throws {ProductNotFoundError} when there is none, or it is in the range already */
  async bringBack(id: number): Promise<ProductWithShelf> {
    return await ofProduct(id, () => this.products.bringBack(id));
  }

  /** All of them, or none. */
  async importAll(products: readonly CreateProductDto[]): Promise<BulkUpsertResult> {
    return await this.products.importAll(
      products.map(({ sku, name, priceCents, weightKg, categoryId, ...optional }) => {
        return { sku, name, priceCents, weightKg, categoryId, ...defined(optional) };
      }),
    );
  }

  /** The old price is that of the version which the change is made for: at any other one the change, and the row, are refused. */
  private async noteNewPrice(id: number, newPriceCents: number): Promise<void> {
    const { priceCents: oldPriceCents } = await this.products.getById(id, { select: { priceCents: true } });
    if (oldPriceCents === newPriceCents) return;
    await this.priceChanges.create({
      data: { productId: id, oldPriceCents, newPriceCents, reason: 'Edited' },
    });
  }

  private async assertCategory(id: number): Promise<void> {
    if ((await this.categories.findById(id)) === null) throw new CategoryNotFoundError(id);
  }

  /** The constraint decides and not a look beforehand: two requests may come at the same moment. */
  private async withFreeSku<Result>(sku: string | undefined, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (sku !== undefined && error instanceof UniqueViolationError) throw new SkuTakenError(sku);
      throw error;
    }
  }
}

/** Says in the shop's words what the repository says of one record. */
async function ofProduct<Result>(id: number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RecordNotFoundError) throw new ProductNotFoundError(id);
    if (error instanceof StaleVersionError)
      throw new ProductChangedError(id, error.expectedVersion, error.actualVersion);
    throw error;
  }
}

import { Injectable, Logger } from '@nestjs/common';
import {
  batchExecute,
  DatabaseError,
  RecordNotFoundError,
  StaleVersionError,
  type BatchOutcome,
} from 'nestjs-database';
import type { NewPriceDto } from './price-list.dto.js';
import { PriceChangeService, type Priced } from './price-change.service.js';
import type { PriceListView, PriceOutcomeView } from './price-list.view.js';
import { ProductRepository } from './product.repository.js';

/** How many at a time: few enough to leave connections for customers. */
const AT_A_TIME = 4;
const LOG_EVERY = 250;
const REASON = 'Price list';

type Change = Omit<PriceOutcomeView, 'sku'>;

/**
 * New prices by SKU. Each is a change of its own: one product that somebody else has just changed is no reason to refuse the
 * other 999, unlike in an import.
 */
@Injectable()
export class PriceListService {
  private readonly logger = new Logger('Prices');

  constructor(
    private readonly products: ProductRepository,
    private readonly changes: PriceChangeService,
  ) {}

  async apply(prices: readonly NewPriceDto[]): Promise<PriceListView> {
    const select = { id: true, version: true, priceCents: true } as const;
    // One statement, however long the list is.
    const known = await Promise.all(prices.map(({ sku }) => this.products.loadBy('sku', sku, { select })));
    const operations = prices.map(
      ({ priceCents }, index) =>
        () =>
          this.change(known[index] ?? null, priceCents),
    );
    const { outcomes } = await batchExecute(operations, AT_A_TIME, {
      onProgress: ({ done, failed, total }) => {
        if (done % LOG_EVERY === 0) this.logger.log(`${done} of ${total} prices, ${failed} of them failed.`);
      },
    });
    const views = outcomes.map((outcome, index) => ({
      sku: prices[index]?.sku ?? '',
      ...this.explain(outcome),
    }));
    return { changed: views.filter(({ outcome }) => outcome === 'changed').length, outcomes: views };
  }

  private async change(product: Priced | null, priceCents: number): Promise<Change> {
    if (product === null) return { outcome: 'unknown' };
    if (product.priceCents === priceCents) return { outcome: 'same' };
    const version = await this.changes.change(product, priceCents, REASON);
    return { outcome: 'changed', version };
  }

  private explain(outcome: BatchOutcome<Change>): Change {
    if (outcome.status === 'fulfilled') return outcome.value;
    const reason: unknown = outcome.status === 'rejected' ? outcome.reason : undefined;
    if (reason instanceof StaleVersionError) return { outcome: 'changed-meanwhile' };
    if (reason instanceof RecordNotFoundError) return { outcome: 'unknown' };
    if (reason instanceof DatabaseError) {
      this.logger.warn(reason.message);
      return { outcome: 'failed', code: reason.code };
    }
    throw reason;
  }
}

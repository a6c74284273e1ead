import { Injectable } from '@nestjs/common';
import { Database, Transactional, type Sql } from 'nestjs-database';
import { LineNotFoundError, TooManyReturnedError, type Purchase } from './return.errors.js';

/** How many of which line are brought back. */
export interface ReturnedLine {
  readonly lineNo: number;
  readonly quantity: number;
}

/** A line as it was bought. */
export interface BoughtLine extends ReturnedLine {
  readonly productId: number;
  readonly unitPriceCents: number;
}

interface Counted {
  readonly lineNo: number;
  readonly quantity: number;
  readonly returned: number;
}

/**
 * The lines of sales and orders as somebody sees them who takes goods back: each counts what came back of it. It is counted
 * by one conditional UPDATE, so that of several returns at once each sees what the others have counted.
 */
@Injectable()
export class BoughtLines {
  constructor(private readonly db: Database) {}

  /**
   * Counts what comes back, by ascending line; with the lines' products and prices.
   *
   * @throws {LineNotFoundError}
   * @throws {TooManyReturnedError}
   */
  @Transactional({ propagation: 'MANDATORY' })
  async takeBack(purchase: Purchase, lines: readonly ReturnedLine[]): Promise<BoughtLine[]> {
    const taken: BoughtLine[] = [];
    for (const line of mergeLines(lines)) {
      const [bought] = await this.count(purchase, line);
      if (bought === undefined) throw await this.refusal(purchase, line);
      taken.push({ ...line, ...bought });
    }
    return taken;
  }

  private count(
    { kind, id }: Purchase,
    { lineNo, quantity }: ReturnedLine,
  ): Sql<Omit<BoughtLine, keyof ReturnedLine>> {
    return kind === 'Sale'
      ? this.db.sql`
          UPDATE sale_line SET returned = returned + ${quantity}
          WHERE sale_id = ${id} AND line_no = ${lineNo} AND returned + ${quantity} <= quantity
          RETURNING product_id AS "productId", unit_price_cents AS "unitPriceCents"`
      : this.db.sql`
          UPDATE order_item SET returned = returned + ${quantity}
          WHERE order_id = ${id} AND line_no = ${lineNo} AND returned + ${quantity} <= quantity
          RETURNING product_id AS "productId", unit_price_cents AS "unitPriceCents"`;
  }

  private async refusal(purchase: Purchase, { lineNo, quantity }: ReturnedLine): Promise<Error> {
    const { kind, id } = purchase;
    const [line] = await (kind === 'Sale'
      ? this.db.sql<Counted>`
          SELECT line_no AS "lineNo", quantity, returned FROM sale_line WHERE sale_id = ${id} AND line_no = ${lineNo}`
      : this.db.sql<Counted>`
          SELECT line_no AS "lineNo", quantity, returned FROM order_item WHERE order_id = ${id} AND line_no = ${lineNo}`);
    return line === undefined
      ? new LineNotFoundError(purchase, lineNo)
      : new TooManyReturnedError(purchase, line, quantity);
  }
}

/** One entry for each line, by ascending number, which is the order in which the rows are locked. */
function mergeLines(lines: readonly ReturnedLine[]): ReturnedLine[] {
  const quantities = new Map<number, number>();
  for (const { lineNo, quantity } of lines) {
    quantities.set(lineNo, (quantities.get(lineNo) ?? 0) + quantity);
  }
  return [...quantities]
    .sort(([left], [right]) => left - right)
    .map(([lineNo, quantity]) => ({ lineNo, quantity }));
}

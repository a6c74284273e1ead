import { ApiProperty } from '@nestjs/swagger';
import type { PlacedQuantity, Transfer } from './transfer.service.js';
import type { WantedProduct } from './wanted-products.js';

export class TransferLineView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ type: 'integer', example: 12 })
  readonly quantity: number;

  constructor({ productId, quantity }: WantedProduct) {
    this.productId = productId;
    this.quantity = quantity;
  }
}

export class TransferView {
  @ApiProperty({ type: String, pattern: '^\\d+$', description: 'A 64-bit number, as text.', example: '1' })
  readonly id: bigint;

  @ApiProperty({ type: String, example: 'FLOOR' })
  readonly from: string;

  @ApiProperty({ type: String, example: 'WAREHOUSE' })
  readonly to: string;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly movedAt: Date;

  @ApiProperty({ type: [TransferLineView] })
  readonly lines: TransferLineView[];

  constructor({ id, from, to, movedAt, lines }: Transfer) {
    this.id = id;
    this.from = from.code;
    this.to = to.code;
    this.movedAt = movedAt;
    this.lines = lines.map((line) => new TransferLineView(line));
  }
}

export class PlacedQuantityView {
  @ApiProperty({ type: String, description: 'FLOOR, or the code of a storage.', example: 'WAREHOUSE' })
  readonly place: string;

  @ApiProperty({ type: String, example: 'Warehouse' })
  readonly name: string;

  @ApiProperty({ type: 'integer', example: 12 })
  readonly quantity: number;

  constructor({ place, quantity }: PlacedQuantity) {
    this.place = place.code;
    this.name = place.name;
    this.quantity = quantity;
  }
}

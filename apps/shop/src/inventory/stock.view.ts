import { ApiProperty } from '@nestjs/swagger';
import type { StockItem } from '../generated/prisma/client.js';

export class StockView {
  @ApiProperty({ type: 'integer', example: 1 })
  readonly productId: number;

  @ApiProperty({ type: 'integer', example: 40 })
  readonly quantity: number;

  @ApiProperty({ type: 'integer', example: 10 })
  readonly reorderLevel: number;

  @ApiProperty({ type: Boolean, description: 'Whether the quantity is at or below `reorderLevel`.' })
  readonly reorder: boolean;

  @ApiProperty({ type: String, format: 'date-time' })
  readonly updatedAt: Date;

  constructor({ productId, quantity, reorderLevel, updatedAt }: StockItem) {
    this.productId = productId;
    this.quantity = quantity;
    this.reorderLevel = reorderLevel;
    this.reorder = quantity <= reorderLevel;
    this.updatedAt = updatedAt;
  }
}

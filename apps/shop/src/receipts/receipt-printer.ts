import { Injectable, Logger } from '@nestjs/common';

/** What a customer takes home. */
export interface Receipt {
  readonly kind: 'Receipt' | 'Refund';
  readonly registerId: number;
  readonly number: number;
  readonly lines: readonly {
    readonly quantity: number;
    readonly productName: string;
    readonly cents: bigint;
  }[];
  readonly totalCents: bigint;
  readonly currency: string;
}

/** The printer at the counter, of which the log is all that there is. What it has printed cannot be taken back. */
@Injectable()
export class ReceiptPrinter {
  private readonly logger = new Logger('Receipts');

  print({ kind, registerId, number, lines, totalCents, currency }: Receipt): void {
    const printed = lines.map(
      ({ quantity, productName, cents }) => `${quantity} × ${productName} ${amount(cents)}`,
    );
    this.logger.log(
      `${kind} ${registerId}-${number}: ${printed.join(', ')}; total ${amount(totalCents)} ${currency}.`,
    );
  }
}

function amount(cents: bigint): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

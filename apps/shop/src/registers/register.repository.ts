import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { Register } from '../generated/prisma/client.js';

/** A register that is open, with the number it has just given. */
export type OpenRegister = Register & { readonly openDay: Date };

/**
 * The registers. Whatever puts cash into one or takes it out changes its row, and so does the end of its day: one of the
 * two waits for the other, and then sees what it has done.
 */
@Injectable()
export class RegisterRepository extends RepositoryFor('register') {
  /** Counts one receipt; null where the register is not open. */
  async countReceipt(id: number): Promise<OpenRegister | null> {
    return await this.changeOpen(id, { lastReceiptNo: { increment: 1 } });
  }

  /** Counts one refund; null where the register is not open. */
  async countRefund(id: number): Promise<OpenRegister | null> {
    return await this.changeOpen(id, { lastRefundNo: { increment: 1 } });
  }

  /** Opens it where it is closed; otherwise null. */
  async openFor(id: number, day: Date): Promise<Register | null> {
    const [register] = await this.delegate.updateManyAndReturn({
      where: { id, openDay: null },
      data: { openDay: day },
    });
    return register ?? null;
  }

  async close(id: number): Promise<void> {
    await this.delegate.update({ where: { id }, data: { openDay: null } });
  }

  /** The condition is in the UPDATE: a register that is closed while it waits for the row is seen to be closed. */
  private async changeOpen(
    id: number,
    data: { readonly lastReceiptNo: { increment: 1 } } | { readonly lastRefundNo: { increment: 1 } },
  ): Promise<OpenRegister | null> {
    const [register] = await this.delegate.updateManyAndReturn({
      where: { id, openDay: { not: null } },
      data,
    });
    return (register as OpenRegister | undefined) ?? null;
  }
}

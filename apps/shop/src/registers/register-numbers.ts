import { Injectable } from '@nestjs/common';
import { Transactional } from 'nestjs-database';
import { RegisterClosedError, RegisterNotFoundError } from './register.errors.js';
import { RegisterRepository, type OpenRegister } from './register.repository.js';

/** A number of a register, and the business day it belongs to. */
export interface RegisterNumber {
  readonly number: number;
  readonly businessDay: Date;
}

/**
 * The numbers of receipts and refunds: without gaps, as a number that is taken back with its transaction is given again. That
 * makes everybody at the register wait for the one before, so the number is asked for last.
 */
@Injectable()
export class RegisterNumbers {
  constructor(private readonly registers: RegisterRepository) {}

  /**
   * @throws {RegisterNotFoundError}
   * @throws {RegisterClosedError}
   */
  @Transactional({ propagation: 'MANDATORY' })
  async nextReceipt(registerId: number): Promise<RegisterNumber> {
    const { lastReceiptNo: number, openDay } = await this.open(
      registerId,
      await this.registers.countReceipt(registerId),
    );
    return { number, businessDay: openDay };
  }

  /**
   * @throws {RegisterNotFoundError}
   * @throws {RegisterClosedError}
   */
  @Transactional({ propagation: 'MANDATORY' })
  async nextRefund(registerId: number): Promise<RegisterNumber> {
    const { lastRefundNo: number, openDay } = await this.open(
      registerId,
      await this.registers.countRefund(registerId),
    );
    return { number, businessDay: openDay };
  }

  private async open(id: number, register: OpenRegister | null): Promise<OpenRegister> {
    if (register !== null) return register;
    if ((await this.registers.findById(id)) === null) throw new RegisterNotFoundError(id);
    throw new RegisterClosedError(id);
  }
}

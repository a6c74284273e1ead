import { Injectable } from '@nestjs/common';
import { Transactional } from 'nestjs-database';
import type { Register, RegisterClosing } from '../generated/prisma/client.js';
import { dayText } from './business-day.js';
import { DayClosingRepository, RegisterClosingRepository } from './closing.repository.js';
import { DayTakings } from './day-takings.js';
import {
  DayClosedError,
  RegisterClosedError,
  RegisterNotFoundError,
  RegisterOpenError,
} from './register.errors.js';
import { RegisterRepository } from './register.repository.js';

/**
 * Opening and closing decide by what they read in rows that they do not write: whether another register is open, whether the
 * day is closed. Two of them at once would each decide by what the other is about to change (write skew), which only
 * `Serializable` notices; the one that loses is repeated, and then decides by what the other has done.
 *
 * Sales need no such thing: they meet an opening or a closing in the row of their register.
 */
const DECISION = { isolationLevel: 'Serializable', retry: { attempts: 20 }, verify: 'xid' } as const;

/** What the end of a register's day was, and whether it was the end of the shop's. */
export interface ClosedRegister extends RegisterClosing {
  readonly dayClosed: boolean;
}

@Injectable()
export class RegisterService {
  constructor(
    private readonly registers: RegisterRepository,
    private readonly closings: RegisterClosingRepository,
    private readonly days: DayClosingRepository,
    private readonly takings: DayTakings,
  ) {}

  async list(): Promise<Register[]> {
    return await this.registers.findMany({ orderBy: { id: 'asc' } });
  }

  /**
   * @throws {RegisterNotFoundError}
   * @throws {RegisterOpenError}
   * @throws {DayClosedError} when the day, or a later one, was closed by the register or by the shop
   */
  @Transactional(DECISION)
  async open(id: number, day: Date): Promise<Register> {
    const { openDay } = await this.get(id);
    if (openDay !== null) throw new RegisterOpenError(id, dayText(openDay));
    if ((await this.days.closedSince(day)) || (await this.closings.closedSince(id, day)))
      throw new DayClosedError(id, dayText(day));
    const opened = await this.registers.openFor(id, day);
    // Nobody can have opened it since it was read: this transaction would have been rolled back instead.
    if (opened === null) throw new RegisterOpenError(id, dayText(day));
    return opened;
  }

  /**
   * Counts the cash of a register and ends its day; the last register that is open for the day ends the day of the shop.
   *
   * @throws {RegisterNotFoundError}
   * @throws {RegisterClosedError}
   */
  @Transactional(DECISION)
  async close(id: number): Promise<ClosedRegister> {
    const { openDay: day } = await this.get(id);
    if (day === null) throw new RegisterClosedError(id);
    // First, so that a sale that is being made is waited for before anything is counted: it changes the same row, which
    // makes this attempt fail and the next one see it.
    await this.registers.close(id);
    const closing = await this.closings.create({
      data: { registerId: id, day, ...(await this.takings.of(day, id)) },
    });
    const othersOpen = await this.registers.count({ where: { openDay: day } });
    if (othersOpen === 0) await this.closeDay(day);
    return { ...closing, dayClosed: othersOpen === 0 };
  }

  private async closeDay(day: Date): Promise<void> {
    const stockValueCents = await this.takings.stockValueCents();
    await this.days.create({ data: { day, ...(await this.takings.of(day)), stockValueCents } });
  }

  private async get(id: number): Promise<Register> {
    const register = await this.registers.findById(id);
    if (register === null) throw new RegisterNotFoundError(id);
    return register;
  }
}

import { Injectable } from '@nestjs/common';
import { Transactional } from 'nestjs-database';
import type { Prisma } from '../generated/prisma/client.js';
import { DayClosingRepository } from './closing.repository.js';
import { DayTakings, type Takings } from './day-takings.js';
import { RegisterRepository } from './register.repository.js';

/** How a day stands at one moment. */
export interface EndOfDay extends Takings {
  readonly day: Date;
  /** When its last register was closed; null before. */
  readonly closedAt: Date | null;
  /** The registers that are still open for it. */
  readonly openRegisters: readonly number[];
  /** Of this moment, also where the day was closed earlier. */
  readonly stockValueCents: Prisma.Decimal;
}

@Injectable()
export class EndOfDayService {
  constructor(
    private readonly takings: DayTakings,
    private readonly days: DayClosingRepository,
    private readonly registers: RegisterRepository,
  ) {}

  /**
   * All figures of one moment, while sales go on: a sale is in each of them or in none. RepeatableRead would do for that;
   * Serializable also fits the report into one order with openings and closings, which decide by what they read.
   */
  @Transactional({ isolationLevel: 'Serializable', readOnly: true, retry: { attempts: 20 } })
  async report(day: Date): Promise<EndOfDay> {
    const takings = await this.takings.of(day);
    const closing = await this.days.findById({ day });
    const open = await this.registers.findMany({ where: { openDay: day }, orderBy: { id: 'asc' } });
    const stockValueCents = await this.takings.stockValueCents();
    return {
      day,
      ...takings,
      closedAt: closing?.closedAt ?? null,
      openRegisters: open.map(({ id }) => id),
      stockValueCents,
    };
  }
}

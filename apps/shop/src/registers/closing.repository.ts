import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';

@Injectable()
export class RegisterClosingRepository extends RepositoryFor('registerClosing') {
  /** Whether the register has closed the day or a later one. */
  async closedSince(registerId: number, day: Date): Promise<boolean> {
    return (await this.count({ where: { registerId, day: { gte: day } } })) > 0;
  }
}

@Injectable()
export class DayClosingRepository extends RepositoryFor('dayClosing') {
  /** Whether the shop has closed the day or a later one. */
  async closedSince(day: Date): Promise<boolean> {
    return (await this.count({ where: { day: { gte: day } } })) > 0;
  }
}

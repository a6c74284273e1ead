import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { DayClosingRepository, RegisterClosingRepository } from './closing.repository.js';
import { DayTakings, PaymentTotals, RefundTotals, SaleTotals } from './day-takings.js';
import { EndOfDayController } from './end-of-day.controller.js';
import { EndOfDayService } from './end-of-day.service.js';
import { RegisterController } from './register.controller.js';
import { RegisterNumbers } from './register-numbers.js';
import { RegisterRepository } from './register.repository.js';
import { RegisterService } from './register.service.js';

const repositories = DatabaseModule.forFeature([
  RegisterRepository,
  RegisterClosingRepository,
  DayClosingRepository,
  SaleTotals,
  PaymentTotals,
  RefundTotals,
]);

@Module({
  imports: [repositories],
  controllers: [RegisterController, EndOfDayController],
  providers: [RegisterService, RegisterNumbers, DayTakings, EndOfDayService],
  exports: [RegisterNumbers],
})
export class RegisterModule {}

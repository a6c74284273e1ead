import { Module } from '@nestjs/common';
import { DatabaseModule } from 'nestjs-database';
import { CustomerController } from './customer.controller.js';
import { CustomerRepository } from './customer.repository.js';
import { CustomerService } from './customer.service.js';

const repositories = DatabaseModule.forFeature([CustomerRepository]);

@Module({
  imports: [repositories],
  controllers: [CustomerController],
  providers: [CustomerService],
  exports: [repositories],
})
export class CustomerModule {}

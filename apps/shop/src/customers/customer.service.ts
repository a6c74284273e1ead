import { Injectable } from '@nestjs/common';
import { classifyFault } from '../errors/fault.js';
import type { Customer } from '../generated/prisma/client.js';
import type { CreateCustomerDto } from './customer.dto.js';
import { CustomerNotFoundError, EmailTakenError } from './customer.errors.js';
import { CustomerRepository } from './customer.repository.js';

@Injectable()
export class CustomerService {
  constructor(private readonly customers: CustomerRepository) {}

  /** @throws {CustomerNotFoundError} */
  async get(id: number): Promise<Customer> {
    const customer = await this.customers.findById(id);
    if (customer === null) throw new CustomerNotFoundError(id);
    return customer;
  }

  /** @throws {EmailTakenError} */
  async create({ email, name }: CreateCustomerDto): Promise<Customer> {
    try {
      return await this.customers.create({ data: { email, name } });
    } catch (error) {
      if (classifyFault(error) === 'duplicate') throw new EmailTakenError(email);
      throw error;
    }
  }
}

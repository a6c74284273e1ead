import { Injectable } from '@nestjs/common';
import { RecordNotFoundError, UniqueViolationError } from 'nestjs-database';
import type { Customer, Prisma } from '../generated/prisma/client.js';
import type { CreateCustomerDto } from './customer.dto.js';
import { CustomerNotFoundError, EmailTakenError, UnknownEmailError } from './customer.errors.js';
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

  /**
   * Calls that arrive together share a statement.
   *
   * @throws {UnknownEmailError}
   */
  async getByEmail(email: string): Promise<Customer> {
    const customer = await this.customers.loadBy('email', email.trim().toLowerCase());
    if (customer === null) throw new UnknownEmailError();
    return customer;
  }

  /** @throws {EmailTakenError} */
  async create({ email, name }: CreateCustomerDto): Promise<Customer> {
    try {
      return await this.customers.create({ data: { email, name } });
    } catch (error) {
      if (error instanceof UniqueViolationError) throw new EmailTakenError(email);
      throw error;
    }
  }

  /** @throws {CustomerNotFoundError} */
  async update(id: number, data: Prisma.CustomerUpdateInput): Promise<Customer> {
    try {
      return await this.customers.update({ where: { id }, data });
    } catch (error) {
      if (error instanceof RecordNotFoundError) throw new CustomerNotFoundError(id);
      throw error;
    }
  }
}

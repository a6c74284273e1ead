import { Injectable } from '@nestjs/common';
import { RepositoryFor, ValidationError } from 'nestjs-database';

@Injectable()
export class CustomerRepository extends RepositoryFor('customer') {
  protected override validateUpdateData({ name }: { readonly name?: unknown }): void {
    if (name === undefined || (typeof name === 'string' && name.trim() !== '')) return;
    throw new ValidationError('name', 'must not be empty.');
  }
}

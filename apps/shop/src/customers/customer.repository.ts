import { Injectable } from '@nestjs/common';
import { RepositoryFor } from 'nestjs-database';
import type { Customer, Prisma } from '../generated/prisma/client.js';
import { literally } from '../http/like-pattern.js';
import type { Page, PageQuery } from '../http/page.js';

@Injectable()
export class CustomerRepository extends RepositoryFor('customer') {
  /** @param search - part of the name or of the address, in any case */
  async findPage(search: string | undefined, { skip, take }: PageQuery): Promise<Page<Customer>> {
    const contains = { contains: literally(search ?? ''), mode: 'insensitive' } as const;
    const where: Prisma.CustomerWhereInput =
      search === undefined ? {} : { OR: [{ name: contains }, { email: contains }] };
    const [rows, total] = await Promise.all([
      this.findMany({ where, skip, take, orderBy: { id: 'asc' } }),
      this.count({ where }),
    ]);
    return { rows, total };
  }
}

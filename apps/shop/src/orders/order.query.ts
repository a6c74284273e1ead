import { defineQuery } from 'nestjs-database';
import { PrismaClient } from '../generated/prisma/client.js';
import { TOTAL } from '../http/list-query.decorator.js';

/** What may be asked of the list of orders. */
export const ORDER_LIST = {
  filter: {
    customerId: ['eq', 'in'],
    'customer.email': ['eq'],
    status: ['eq', 'in'],
    totalCents: ['gte', 'lte'],
    placedAt: ['gte', 'lt'],
  },
  sort: ['id', 'placedAt'],
  defaultSort: ['-placedAt'],
  otherParameters: [TOTAL],
} as const;

export const ORDER_QUERY = defineQuery(PrismaClient, 'order', ORDER_LIST);

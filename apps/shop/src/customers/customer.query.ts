import { defineData, defineQuery } from 'nestjs-database';
import { PrismaClient } from '../generated/prisma/client.js';
import { TOTAL } from '../http/list-query.decorator.js';

/** What may be asked of the list of customers. */
export const CUSTOMER_LIST = {
  filter: {
    name: { operators: ['contains'], ignoreCase: true, maxLength: 100 },
    email: { operators: ['eq', 'contains'], ignoreCase: true, maxLength: 254 },
    createdAt: ['gte', 'lt'],
  },
  sort: ['id', 'email'],
  defaultSort: ['id'],
  otherParameters: [TOTAL],
} as const;

export const CUSTOMER_QUERY = defineQuery(PrismaClient, 'customer', CUSTOMER_LIST);

/** What may be changed of a customer: the id, the address and the date are not among it. */
export const CUSTOMER_CHANGES = defineData(PrismaClient, 'customer', {
  allow: ['name'],
  required: ['name'],
  maxLength: { name: 200 },
});
